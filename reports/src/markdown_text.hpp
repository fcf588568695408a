// SPDX-License-Identifier: Apache-2.0
// Texts as Markdown shows them: whatever they hold, they cannot format.
#pragma once

#include <string>
#include <string_view>

namespace concert::reports {

/// Prose in one line of Markdown: nothing of it can format, link, mention or end a table cell.
std::string plain(std::string_view text);

/// A bar ends a table cell even inside code, and only there its escape disappears again.
enum class Where { paragraph, table };

/// One line of code. The fence is longer than any run of backticks inside.
std::string code(std::string_view text, Where where = Where::paragraph);

/// Text whose `code spans` stay code.
std::string prose(std::string_view text, Where where = Where::paragraph);

/// Several lines of code, fenced so that they cannot end the fence.
std::string block(std::string_view text, std::string_view language = "text");

/// A heading stands after exactly one empty line.
void heading(std::string& out, std::string_view text);

}  // namespace concert::reports
