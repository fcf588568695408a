// SPDX-License-Identifier: Apache-2.0
// Properties inside clause tests: the clause holds for every input, each case on a fresh backend under a schedule of
// its own.
#pragma once

#include <rapidcheck.h>

#include <functional>
#include <string_view>

#include "concert/harness/property.hpp"
#include "concert/harness/trial.hpp"

namespace concert::conformance {

/// Checks `body(trial, input)` for generated inputs. Each case has a Trial of its own (fresh backend, schedule from the
/// case's seed); its witnesses and checks count for the whole test. The first failing case is shrunk to the smallest
/// input that fails the same check, and becomes the test's finding.
///
///     for_all<int>(t, "depth", rc::gen::inRange(1, 30), [](Trial& trial, const int& depth) { ... });
template <class T>
void for_all(Trial& trial, std::string_view name, const rc::Gen<T>& inputs,
             const std::function<void(Trial&, const T&)>& body) {
  const auto judge = [&](const T& input, std::uint64_t case_seed) {
    Trial one(trial.adapter(), Trial::case_schedule(case_seed));
    body(one, input);
    return trial.judge_case(one);
  };
  trial.take_property(check_property<T>(trial.property_options(name), inputs, judge));
}

}  // namespace concert::conformance
