// SPDX-License-Identifier: Apache-2.0
#include "concert/programs/ending.hpp"

#include <algorithm>
#include <stdexcept>

#include "concert/errors.hpp"
#include "concert/exception_group.hpp"
#include "concert/programs/interpreter.hpp"

namespace concert::programs {

namespace {

int leaf_of(const std::exception_ptr& failure) {
  const Ending ending = describe_ending(failure);
  switch (ending.result) {
    case Result::error: return static_cast<int>(ending.value);
    case Result::timeout: return timeout_leaf;
    case Result::cancelled: return cancelled_leaf;
    default: return other_leaf;
  }
}

}  // namespace

Ending describe_ending(const std::exception_ptr& failure) {
  if (!failure) return {};
  // Most of them, and a throw costs a microsecond.
  if (is_cancelled(failure)) return {Result::cancelled, 0, {}};
  try {
    std::rethrow_exception(failure);
  } catch (const ProgramError& error) {
    return {Result::error, error.number, {}};
  } catch (const TimeoutError&) {
    return {Result::timeout, 0, {}};
  } catch (const ExceptionGroup& group) {
    Ending ending{Result::group, 0, {}};
    for (const std::exception_ptr& leaf : group.flatten()) ending.leaves.push_back(leaf_of(leaf));
    std::ranges::sort(ending.leaves);
    return ending;
  } catch (const FutureCancelled&) {
    return {Result::withdrawn, 0, {}};
  } catch (const UsageError&) {
    return {Result::refused, 0, {}};
  } catch (const std::invalid_argument&) {
    return {Result::refused, 0, {}};
  } catch (...) {
    return {Result::other, 0, {}};
  }
}

}  // namespace concert::programs
