// SPDX-License-Identifier: Apache-2.0
#include "concert/exception_group.hpp"

#include <sstream>
#include <stdexcept>

#include "concert/errors.hpp"

namespace concert {

namespace {

/// The group behind a pointer, or null. The object lives as long as the pointer does.
const ExceptionGroup* as_group(const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const ExceptionGroup& group) {
    return &group;
  } catch (...) {
    return nullptr;
  }
}

void print(std::ostream& out, const std::vector<std::exception_ptr>& failures, int depth) {
  for (const std::exception_ptr& failure : failures) {
    out << '\n' << std::string(static_cast<std::size_t>(depth) * 2, ' ') << "- ";
    if (const ExceptionGroup* group = as_group(failure)) {
      out << group->message();
      print(out, group->failures(), depth + 1);
    } else {
      out << describe(failure);
    }
  }
}

void collect_leaves(const std::vector<std::exception_ptr>& failures, std::vector<std::exception_ptr>& leaves) {
  for (const std::exception_ptr& failure : failures) {
    if (const ExceptionGroup* group = as_group(failure)) {
      collect_leaves(group->failures(), leaves);
    } else {
      leaves.push_back(failure);
    }
  }
}

}  // namespace

ExceptionGroup::ExceptionGroup(std::string message, std::vector<std::exception_ptr> failures)
    : message_(std::move(message)), failures_(std::move(failures)) {
  if (failures_.empty()) throw std::invalid_argument("an ExceptionGroup needs at least one failure");
  for (const std::exception_ptr& failure : failures_) {
    if (!failure) throw std::invalid_argument("an ExceptionGroup cannot hold a null exception_ptr");
  }
  std::ostringstream text;
  text << message_ << " (" << failures_.size() << (failures_.size() == 1 ? " failure)" : " failures)");
  print(text, failures_, 1);
  tree_ = text.str();
}

std::vector<std::exception_ptr> ExceptionGroup::flatten() const {
  std::vector<std::exception_ptr> leaves;
  collect_leaves(failures_, leaves);
  return leaves;
}

std::pair<std::exception_ptr, std::exception_ptr> ExceptionGroup::split(
    const std::function<bool(const std::exception_ptr&)>& matches) const {
  std::vector<std::exception_ptr> matching;
  std::vector<std::exception_ptr> rest;
  for (const std::exception_ptr& failure : failures_) {
    auto [yes, no] = split_failure(failure, matches);
    if (yes) matching.push_back(std::move(yes));
    if (no) rest.push_back(std::move(no));
  }
  const auto regroup = [this](std::vector<std::exception_ptr> members) -> std::exception_ptr {
    if (members.empty()) return nullptr;
    if (members == failures_) return std::make_exception_ptr(*this);
    return std::make_exception_ptr(ExceptionGroup(message_, std::move(members)));
  };
  return {regroup(std::move(matching)), regroup(std::move(rest))};
}

std::pair<std::exception_ptr, std::exception_ptr> split_failure(
    const std::exception_ptr& failure, const std::function<bool(const std::exception_ptr&)>& matches) {
  const ExceptionGroup* group = as_group(failure);
  if (group == nullptr) {
    if (matches(failure)) return {failure, nullptr};
    return {nullptr, failure};
  }
  auto [yes, no] = group->split(matches);
  // A side that holds every leaf keeps the identity of the group.
  if (!no) return {failure, nullptr};
  if (!yes) return {nullptr, failure};
  return {std::move(yes), std::move(no)};
}

}  // namespace concert
