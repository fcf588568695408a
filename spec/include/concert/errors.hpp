// SPDX-License-Identifier: Apache-2.0
// The errors of the interface, sorted by whose fault they are.
#pragma once

#include <exception>
#include <stdexcept>
#include <string>
#include <typeinfo>

#include "concert/time.hpp"

namespace concert {

class AsyncBackend;
class WaitPoint;

/// Permission to construct a Cancelled. Only an AsyncBackend can hand it out.
class CancelKey {
  friend class AsyncBackend;
  friend class WaitPoint;
  CancelKey() = default;
};

/// Thrown by a wait whose task is cancelled. Not a std::exception, so that a handler for errors cannot swallow it
/// (Cancel002). The object means nothing by itself: scopes decide by their own state what they absorb, so that a stored
/// and rethrown Cancelled is an ordinary failure (decision 0002).
class Cancelled final {
 public:
  explicit Cancelled(CancelKey) noexcept {}
};

/// The interface was used in a way that its documents forbid. The message names the misuse and the way out.
class UsageError : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

/// A `timeout` scope absorbed its cancellation (Timeout007). The absorbed Cancelled is nested in it (Timeout016).
class TimeoutError : public std::runtime_error, public std::nested_exception {
 public:
  /// Captures the exception that is being handled, if any, as the nested one.
  explicit TimeoutError(TimePoint deadline);
  /// The deadline that its scope had, on the backend's clock; `never` if it had none and was cancelled by hand.
  TimePoint deadline() const noexcept { return deadline_; }

 private:
  TimePoint deadline_;
};

/// The call that a ThreadFuture stands for was cancelled: there will be no answer (Portal009, Portal018, Portal023).
class FutureCancelled : public std::runtime_error {
 public:
  FutureCancelled();
  using std::runtime_error::runtime_error;
};

/// The backend does not have this operation, name or feature (the documents' NotImplementedError).
class UnsupportedOperation : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

/// The backend is known, but the library that it needs was missing when this program was built (Util003).
class MissingDependency : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The name of a type as one writes it in C++.
std::string readable_type_name(const std::type_info& type);

/// True if `failure` holds a Cancelled. False for null.
bool is_cancelled(const std::exception_ptr& failure) noexcept;

/// "type: message" of an exception, for reports and logs; "no exception" for null.
std::string describe(const std::exception_ptr& failure);

}  // namespace concert
