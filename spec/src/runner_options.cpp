// SPDX-License-Identifier: Apache-2.0
#include "concert/runner_options.hpp"

namespace concert {

void RunnerOptionReader::refuse_unknown() const {
  for (const auto& [name, value] : options_.values()) {
    if (known_.contains(name)) continue;
    std::string message = "unknown runner option '" + name + "' for the backend '" + backend_ + "'; it knows: ";
    if (known_.empty()) message += "none";
    for (auto it = known_.begin(); it != known_.end(); ++it) message += (it == known_.begin() ? "" : ", ") + *it;
    throw std::invalid_argument(message);
  }
}

void RunnerOptionReader::throw_wrong_type(std::string_view name, std::string_view expected,
                                          const std::type_info& came) const {
  throw std::invalid_argument("runner option '" + std::string(name) + "' of the backend '" + backend_ + "' must be " +
                              std::string(expected) + ", got a value of type " + came.name());
}

}  // namespace concert
