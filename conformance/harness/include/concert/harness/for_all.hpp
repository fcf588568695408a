// SPDX-License-Identifier: Apache-2.0
// Properties inside clause tests: the clause holds for every input, each case on a fresh backend under a schedule of
// its own.
#pragma once

#include <rapidcheck.h>

#include <functional>
#include <string_view>

#include "concert/harness/mix.hpp"
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
  for (std::int64_t i = 0; i < trial.properties.cases && !trial.finding(); ++i) {
    const std::uint64_t seed = mix(mix(trial.properties.seed, hash_text(name)), static_cast<std::uint64_t>(i));
    const auto value = inputs(rc::Random(seed), static_cast<int>(mix(seed, 7) % 101)).value();
    Trial one(trial.adapter(), Schedule::nth(seed, static_cast<int>(i % 4)));
    body(one, value);
    trial.merge(one);
    trial.add_cases(1);
  }
}

}  // namespace concert::conformance
