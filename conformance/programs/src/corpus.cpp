// SPDX-License-Identifier: Apache-2.0
#include "concert/programs/corpus.hpp"

#include "concert/programs/json.hpp"
#include "corpus_text.hpp"

namespace concert::programs {

namespace {

std::vector<CorpusProgram> parsed() {
  std::vector<CorpusProgram> programs;
  for (const CorpusText& text : corpus_texts()) {
    programs.push_back({text.name, text.rule, program_from_json(text.json)});
  }
  return programs;
}

}  // namespace

const std::vector<CorpusProgram>& corpus() {
  static const std::vector<CorpusProgram> programs = parsed();
  return programs;
}

}  // namespace concert::programs
