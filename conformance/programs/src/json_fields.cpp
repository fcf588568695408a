// SPDX-License-Identifier: Apache-2.0
#include "json_fields.hpp"

#include <vector>

namespace concert::programs {

void fail(const Where& where, const std::string& message) {
  throw std::invalid_argument((where.path.empty() ? "" : where.path + ": ") + message);
}

std::string shown(const Json& value) {
  if (value.is_string()) return "'" + value.get<std::string>() + "'";
  std::string text = value.dump(-1, ' ', false, Json::error_handler_t::replace);
  if (text.size() > 60) text = text.substr(0, 60) + "...";
  return text;
}

Json parse_json(std::string_view text) {
  std::vector<std::set<std::string>> keys;
  const Json::parser_callback_t look = [&](int, Json::parse_event_t event, Json& parsed) {
    if (event == Json::parse_event_t::object_start) keys.emplace_back();
    if (event == Json::parse_event_t::object_end) keys.pop_back();
    if (event == Json::parse_event_t::key && !keys.back().insert(parsed.get<std::string>()).second) {
      fail({}, "expected each field once, came another " + shown(parsed));
    }
    return true;
  };
  try {
    return Json::parse(text, look);
  } catch (const Json::exception& error) {
    fail({}, std::string("expected JSON, came: ") + error.what());
  }
}

}  // namespace concert::programs
