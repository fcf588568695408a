// SPDX-License-Identifier: Apache-2.0
// Properties over rapidcheck's generators: the library makes and shrinks values, our driver does everything else.
#pragma once

#include <rapidcheck/Gen.h>
#include <rapidcheck/GenerationFailure.h>
#include <rapidcheck/Random.h>
#include <rapidcheck/Show.h>
#include <rapidcheck/seq/Create.h>
#include <rapidcheck/seq/Transform.h>
#include <rapidcheck/shrinkable/Create.h>

#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "concert/harness/property_driver.hpp"

namespace concert::conformance {

/// Runs `judge` on generated inputs until it fails or a bound ends it, then looks for the smallest input that fails the
/// same check.
///
///     const auto report = check_property<int>({.name = "sum"}, rc::gen::inRange(0, 100),
///         [](const int& n, std::uint64_t) { return sum(n) == n * (n + 1) / 2 ? Judgement::pass() : ...; });
///
/// `judge` gets the seed of its case, for what else it draws. It must be a function of both; a failure that does not
/// come again is reported as flaky. T must be copyable; print it with operator<< or showValue. Errors:
/// std::invalid_argument for wrong options. Threads: one at a time in a process (rapidcheck's state is static).
template <class T>
PropertyReport check_property(const PropertyOptions& options, const rc::Gen<T>& generator,
                              const std::function<Judgement(const T&, std::uint64_t case_seed)>& judge);

/// A generator with a shrinker of your own: `candidates(value)` gives smaller values, the boldest first, each in turn
/// shrunk alike. Prefer it to rc::shrinkable::shrinkRecur, which swallows what a shrinker throws: here the report names
/// it.
template <class T>
rc::Gen<T> with_candidates(rc::Gen<T> generator, std::function<std::vector<T>(const T&)> candidates);

// ---- Definitions ---------------------------------------------------------------------------------------------------

namespace detail {

template <class T>
class RapidcheckSpecimen final : public Specimen {
 public:
  using Judge = std::function<Judgement(const T&, std::uint64_t)>;
  RapidcheckSpecimen(rc::Shrinkable<T> tree, const Judge& judge) : tree_(std::move(tree)), judge_(judge) {}

  void materialize() override {
    try {
      value_.emplace(tree_.value());
    } catch (const rc::GenerationFailure& failure) {
      throw NoInput(failure.what());
    }
  }
  Judgement judge(std::uint64_t case_seed) const override { return judge_(*value_, case_seed); }
  std::string show() const override { return rc::toString(*value_); }
  std::unique_ptr<Specimen> next_candidate() override {
    if (!candidates_) candidates_.emplace(tree_.shrinks());
    rc::Maybe<rc::Shrinkable<T>> next = candidates_->next();
    if (!next) return nullptr;
    return std::make_unique<RapidcheckSpecimen>(std::move(*next), judge_);
  }

 private:
  rc::Shrinkable<T> tree_;
  const Judge& judge_;
  std::optional<T> value_;
  std::optional<rc::Seq<rc::Shrinkable<T>>> candidates_;
};

template <class T>
rc::Shrinkable<T> shrinkable_with(T value, const std::function<std::vector<T>(const T&)>& candidates) {
  const auto shrinks = [candidates](const T& parent) -> rc::Seq<rc::Shrinkable<T>> {
    std::vector<T> values;
    try {
      values = candidates(parent);
    } catch (...) {
      // As a candidate that throws when it is made: an exception from here would be swallowed.
      const std::exception_ptr failure = std::current_exception();
      const auto raise = [failure]() -> T { std::rethrow_exception(failure); };
      return rc::seq::just(rc::shrinkable::lambda(raise));
    }
    return rc::seq::map(rc::seq::fromContainer(std::move(values)),
                        [candidates](T&& child) { return shrinkable_with<T>(std::move(child), candidates); });
  };
  return rc::shrinkable::lambda([value] { return value; }, [value, shrinks] { return shrinks(value); });
}

}  // namespace detail

template <class T>
PropertyReport check_property(const PropertyOptions& options, const rc::Gen<T>& generator,
                              const std::function<Judgement(const T&, std::uint64_t case_seed)>& judge) {
  return run_property(options, [&](std::uint64_t seed, int size) -> std::unique_ptr<Specimen> {
    return std::make_unique<detail::RapidcheckSpecimen<T>>(generator(rc::Random(seed), size), judge);
  });
}

template <class T>
rc::Gen<T> with_candidates(rc::Gen<T> generator, std::function<std::vector<T>(const T&)> candidates) {
  return [generator = std::move(generator), candidates = std::move(candidates)](const rc::Random& random, int size) {
    const rc::Shrinkable<T> original = generator(random, size);
    return detail::shrinkable_with<T>(original.value(), candidates);
  };
}

}  // namespace concert::conformance
