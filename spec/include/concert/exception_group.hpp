// SPDX-License-Identifier: Apache-2.0
// Several failures that came out of one block.
#pragma once

#include <exception>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace concert {

/// The failures of a task group or a gather, also when there is just one (Group016, Gather003).
/// Their order is unspecified (Group019). Each keeps its identity: the pointers are those of the thrown objects.
class ExceptionGroup : public std::exception {
 public:
  /// Errors: std::invalid_argument if `failures` is empty or holds a null pointer.
  ExceptionGroup(std::string message, std::vector<std::exception_ptr> failures);

  const std::string& message() const noexcept { return message_; }
  const std::vector<std::exception_ptr>& failures() const noexcept { return failures_; }

  /// The leaves, with groups inside groups dissolved.
  std::vector<std::exception_ptr> flatten() const;

  /// Splits the leaves by a predicate and keeps the nesting: {those that match, the rest}; a side with no leaf is null.
  /// A side that holds every leaf is this very group.
  std::pair<std::exception_ptr, std::exception_ptr> split(
      const std::function<bool(const std::exception_ptr&)>& matches) const;

  /// The tree of failures, one line each, indented by depth.
  const char* what() const noexcept override { return tree_.c_str(); }

 private:
  std::string message_;
  std::vector<std::exception_ptr> failures_;
  std::string tree_;
};

/// Splits any failure as ExceptionGroup::split does; one that is not a group is its own only leaf.
std::pair<std::exception_ptr, std::exception_ptr> split_failure(
    const std::exception_ptr& failure, const std::function<bool(const std::exception_ptr&)>& matches);

}  // namespace concert
