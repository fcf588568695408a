// SPDX-License-Identifier: Apache-2.0
#include "binding.hpp"

#include <string>

#include "concert/errors.hpp"

namespace concert::runtime {

void Binding::refuse(std::string_view operation) {
  throw UsageError(std::string(operation) +
                   ": expected to be called on the loop thread of the run that created the object, but this is another "
                   "thread or another run; use it there only, from other threads through a portal");
}

}  // namespace concert::runtime
