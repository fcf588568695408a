// SPDX-License-Identifier: Apache-2.0
// The files of the corpus as the build puts them into the library (cmake/EmbedCorpus.cmake).
#pragma once

#include <span>
#include <string_view>

namespace concert::programs {

struct CorpusText {
  std::string_view name;
  std::string_view rule;
  std::string_view json;
};
std::span<const CorpusText> corpus_texts() noexcept;

}  // namespace concert::programs
