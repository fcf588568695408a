// SPDX-License-Identifier: Apache-2.0
// Words and numbers as the views show them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "concert/runner/results.hpp"

namespace concert::reports {

/// "1 clause", "2 clauses".
std::string counted(std::int64_t number, std::string_view singular);
/// "<1 ms", "12 ms", "1.25 s", "2 min 5 s".
std::string duration(double seconds);
std::string joined(const std::vector<std::string>& items, std::string_view separator);
/// The words of a command, quoted for a shell where needed.
std::string shell_line(const std::vector<std::string>& words);
std::string lower_case(std::string_view text);

/// A text cut at its `code spans`, in turn prose and code; an unpaired backtick is prose.
struct Span {
  bool is_code;
  std::string_view text;
};
std::vector<Span> code_spans(std::string_view text);

/// The bytes as characters: what is not UTF-8 becomes U+FFFD.
std::u32string decoded(std::string_view utf8);
void append_utf8(std::string& out, char32_t character);

/// The message, as most are, says no more than key, expected and observed.
bool repeats_itself(const results::Failure& failure);
/// failed, crashed, hung.
bool is_failure(results::Verdict verdict);
/// A failure, or inconclusive: what a person has to look at.
bool needs_attention(results::Verdict verdict);
/// How many clauses of the level have the verdict.
std::int64_t count_in(const results::Footer& footer, const std::string& level, results::Verdict verdict);
std::int64_t failures_in(const results::Footer& footer, const std::string& level);
/// One sentence that says why the verdict of the file is what it is.
std::string explanation(const results::Footer& footer);

}  // namespace concert::reports
