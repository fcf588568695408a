// SPDX-License-Identifier: Apache-2.0
#include "text.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace concert::reports {

using results::Verdict;

std::string counted(std::int64_t number, std::string_view singular) {
  return std::to_string(number) + " " + std::string(singular) + (number == 1 ? "" : "s");
}

std::string duration(double seconds) {
  char text[64];
  if (seconds < 0.0005) return seconds > 0 ? "<1 ms" : "0 ms";
  if (seconds < 0.9995) {
    std::snprintf(text, sizeof text, "%.0f ms", seconds * 1000);
  } else if (seconds < 59.995) {
    std::snprintf(text, sizeof text, "%.2f s", seconds);
  } else {
    const double whole = std::round(seconds);
    std::snprintf(text, sizeof text, "%.0f min %.0f s", std::floor(whole / 60), std::fmod(whole, 60));
  }
  return text;
}

std::string joined(const std::vector<std::string>& items, std::string_view separator) {
  std::string text;
  for (const std::string& item : items) {
    if (&item != &items.front()) text += separator;
    text += item;
  }
  return text;
}

std::string shell_line(const std::vector<std::string>& words) {
  constexpr std::string_view plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=./:,@%";
  std::vector<std::string> quoted;
  for (const std::string& word : words) {
    if (!word.empty() && word.find_first_not_of(plain) == std::string::npos) {
      quoted.push_back(word);
      continue;
    }
    std::string text = "'";
    for (const char character : word) {
      if (character == '\'')
        text += "'\\''";
      else
        text += character;
    }
    quoted.push_back(text + "'");
  }
  return joined(quoted, " ");
}

std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& character : lower) {
    if (character >= 'A' && character <= 'Z') character = static_cast<char>(character - 'A' + 'a');
  }
  return lower;
}

std::vector<Span> code_spans(std::string_view text) {
  std::vector<Span> spans;
  while (!text.empty()) {
    const std::size_t open = text.find('`');
    const std::size_t close = open == std::string_view::npos ? open : text.find('`', open + 1);
    if (close == std::string_view::npos) break;
    if (open > 0) spans.push_back({false, text.substr(0, open)});
    if (close > open + 1) spans.push_back({true, text.substr(open + 1, close - open - 1)});
    text.remove_prefix(close + 1);
  }
  if (!text.empty()) spans.push_back({false, text});
  return spans;
}

std::u32string decoded(std::string_view utf8) {
  constexpr char32_t replacement = 0xFFFD;
  std::u32string out;
  for (std::size_t at = 0; at < utf8.size();) {
    const auto lead = static_cast<unsigned char>(utf8[at]);
    const std::size_t length = lead < 0x80   ? 1
                               : lead < 0xC2 ? 0
                               : lead < 0xE0 ? 2
                               : lead < 0xF0 ? 3
                               : lead < 0xF5 ? 4
                                             : 0;
    char32_t character = length <= 1 ? lead : static_cast<char32_t>(lead & (0x7F >> length));
    bool valid = length > 0 && at + length <= utf8.size();
    for (std::size_t i = 1; valid && i < length; ++i) {
      const auto next = static_cast<unsigned char>(utf8[at + i]);
      valid = (next & 0xC0) == 0x80;
      character = (character << 6) | (next & 0x3FU);
    }
    // Overlong forms of three and four bytes, surrogates, and what lies beyond Unicode.
    if (length == 3 && character < 0x800) valid = false;
    if (length == 4 && (character < 0x10000 || character > 0x10FFFF)) valid = false;
    if (character >= 0xD800 && character <= 0xDFFF) valid = false;
    out += valid ? character : replacement;
    at += valid ? length : 1;
  }
  return out;
}

void append_utf8(std::string& out, char32_t character) {
  const auto byte = [&out](char32_t bits) { out += static_cast<char>(static_cast<unsigned char>(bits)); };
  if (character < 0x80) {
    byte(character);
  } else if (character < 0x800) {
    byte(0xC0 | (character >> 6));
    byte(0x80 | (character & 0x3F));
  } else if (character < 0x10000) {
    byte(0xE0 | (character >> 12));
    byte(0x80 | ((character >> 6) & 0x3F));
    byte(0x80 | (character & 0x3F));
  } else {
    byte(0xF0 | (character >> 18));
    byte(0x80 | ((character >> 12) & 0x3F));
    byte(0x80 | ((character >> 6) & 0x3F));
    byte(0x80 | (character & 0x3F));
  }
}

bool repeats_itself(const results::Failure& failure) {
  return failure.message == failure.key + ": expected " + failure.expected + ", observed " + failure.observed;
}

bool is_failure(Verdict verdict) {
  return verdict == Verdict::failed || verdict == Verdict::crashed || verdict == Verdict::hung;
}

bool needs_attention(Verdict verdict) { return is_failure(verdict) || verdict == Verdict::inconclusive; }

std::int64_t count_in(const results::Footer& footer, const std::string& level, Verdict verdict) {
  const auto verdicts = footer.counts.find(level);
  if (verdicts == footer.counts.end()) return 0;
  const auto number = verdicts->second.find(std::string(to_string(verdict)));
  return number == verdicts->second.end() ? 0 : number->second;
}

std::int64_t failures_in(const results::Footer& footer, const std::string& level) {
  return count_in(footer, level, Verdict::failed) + count_in(footer, level, Verdict::crashed) +
         count_in(footer, level, Verdict::hung);
}

std::string explanation(const results::Footer& footer) {
  const std::int64_t passed = count_in(footer, "MUST", Verdict::passed);
  const std::int64_t failed = failures_in(footer, "MUST");
  const std::int64_t untested = count_in(footer, "MUST", Verdict::untested);
  const std::int64_t inconclusive = count_in(footer, "MUST", Verdict::inconclusive);
  std::vector<std::string> obstacles;
  if (failed > 0) obstacles.push_back(std::to_string(failed) + " failed");
  if (inconclusive > 0) obstacles.push_back(std::to_string(inconclusive) + " came out inconclusive");
  if (untested > 0) obstacles.push_back(std::to_string(untested) + (untested == 1 ? " was" : " were") + " not tested");
  if (obstacles.empty() && passed == 0) return "No MUST clause was checked.";
  if (obstacles.empty()) return "Every MUST clause that applies passed: " + std::to_string(passed) + ".";
  return "Of the MUST clauses, " + joined(obstacles, ", ") + " and " + std::to_string(passed) + " passed.";
}

}  // namespace concert::reports
