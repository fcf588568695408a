// SPDX-License-Identifier: Apache-2.0
#include "concert/errors.hpp"

#include <cxxabi.h>

#include <cstdlib>
#include <memory>
#include <sstream>
#include <typeinfo>

namespace concert {

namespace {

std::string timeout_message(TimePoint deadline) {
  std::ostringstream text;
  if (deadline == never) {
    text << "a timeout without a deadline was cancelled by hand";
  } else {
    text << "a timeout ended its block; its deadline was " << deadline.time_since_epoch().count()
         << " s on the backend's clock";
  }
  return text.str();
}

}  // namespace

std::string readable_type_name(const std::type_info& type) {
  int status = 0;
  const std::unique_ptr<char, decltype(&std::free)> name(abi::__cxa_demangle(type.name(), nullptr, nullptr, &status),
                                                         &std::free);
  return status == 0 ? name.get() : type.name();
}

TimeoutError::TimeoutError(TimePoint deadline) : std::runtime_error(timeout_message(deadline)), deadline_(deadline) {}

bool is_cancelled(const std::exception_ptr& failure) noexcept {
  // The type is read from the header of the exception: a throw and a catch would cost a microsecond each time.
  return failure && *failure.__cxa_exception_type() == typeid(Cancelled);
}

std::string describe(const std::exception_ptr& failure) {
  if (!failure) return "no exception";
  const std::string type = readable_type_name(*failure.__cxa_exception_type());
  try {
    std::rethrow_exception(failure);
  } catch (const std::exception& error) {
    return type + ": " + error.what();
  } catch (...) {
    return type;
  }
}

}  // namespace concert
