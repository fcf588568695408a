# SPDX-License-Identifier: Apache-2.0
# Writes the source that holds the programs of the corpus as texts.
#   cmake -DFOLDER=corpus -DOUTPUT=corpus_text.cpp -P EmbedCorpus.cmake
# corpus/known/<name>.json are hard cases, corpus/found/<mutant>.<rule>.json counterexamples.
cmake_minimum_required(VERSION 3.25)
file(GLOB known "${FOLDER}/known/*.json")
file(GLOB found "${FOLDER}/found/*.json")
list(SORT known)
list(SORT found)

set(entries "")
foreach(file IN LISTS known found)
  get_filename_component(name "${file}" NAME_WLE)
  set(rule "")
  if(file IN_LIST found)
    get_filename_component(rule "${name}" LAST_EXT)
    get_filename_component(name "${name}" NAME_WLE)
    string(REPLACE "." "" rule "${rule}")
  endif()
  file(READ "${file}" text)
  string(APPEND entries "    {\"${name}\", \"${rule}\", R\"json(${text})json\"},\n")
endforeach()

file(WRITE "${OUTPUT}" "// SPDX-License-Identifier: Apache-2.0
// Made by EmbedCorpus.cmake from the files of corpus/.
#include \"corpus_text.hpp\"

namespace concert::programs {

namespace {
constexpr CorpusText texts[] = {
${entries}};
}  // namespace

std::span<const CorpusText> corpus_texts() noexcept { return texts; }

}  // namespace concert::programs
")
