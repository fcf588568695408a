// SPDX-License-Identifier: Apache-2.0
#include "home.hpp"

#include <string>

namespace concert::model {

Home::Home(AsyncBackend& backend, std::string_view operation)
    : backend_(backend), options_(Run::of(backend, operation).options), run_number_(Run::here()->number) {}

Run& Home::require(std::string_view operation) const {
  if (!is_here()) {
    throw UsageError(std::string(operation) +
                     ": called outside the thread of the loop that made this object; from there use a threads portal");
  }
  return *Run::here();
}

Run& Home::require_task(std::string_view operation) const {
  Run& run = require(operation);
  if (run.current == nullptr) throw UsageError(std::string(operation) + ": called outside a task");
  return run;
}

}  // namespace concert::model
