// SPDX-License-Identifier: Apache-2.0
// Are the small programs of the families what they say, and do they find what they are for?
#include "concert/programs/family.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <stdexcept>

#include "concert/harness/mix.hpp"
#include "concert/harness/trial.hpp"
#include "concert/mutants/mutants.hpp"
#include "concert/programs/judge.hpp"
#include "concert/programs/validity.hpp"

namespace concert::programs {

// For messages of failed tests.
static void PrintTo(const FamilyInfo& family, std::ostream* out) { *out << family.name; }

namespace {

using conformance::BackendAdapter;
using conformance::mix;

/// Runs the n-th case of a family.
Run run_case(const BackendAdapter& backend, Family family, std::uint64_t seed) {
  return run_program(backend, draw(family, seed), conformance::Trial::case_schedule(mix(seed, 1)));
}

/// The words that count.
std::vector<Word> said(const Script& script) {
  std::vector<Word> words = script.words;
  std::erase_if(words,
                [](const Word& word) { return word.kind == Word::Kind::ask || word.kind == Word::Kind::misuse; });
  return words;
}

class AFamily : public ::testing::TestWithParam<FamilyInfo> {
 protected:
  Family family() const { return GetParam().family; }
};

TEST_P(AFamily, IsFoundByItsName) {
  EXPECT_EQ(info(family()).name, GetParam().name);
  EXPECT_EQ(to_string(family()), GetParam().name);
}

TEST_P(AFamily, WritesProgramsThatAreSettled) {
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    const Program program = draw(family(), seed);
    ASSERT_EQ(settle(program.statements), program) << to_text(program);
    ASSERT_EQ(violations(program), std::vector<std::string>()) << to_text(program);
  }
}

TEST_P(AFamily, TakesArgumentsModuloWhatThereIs) {
  Script script{77, {5, 99, 12345, 8}, {}, true};
  for (const auto kind : {Word::Kind::wake, Word::Kind::cancel, Word::Kind::misuse, Word::Kind::ask}) {
    for (const int argument : {0, 3, 4, 5, 1000}) script.words.push_back({kind, argument});
  }
  const Program program = program_of(family(), script);
  EXPECT_EQ(settle(program.statements), program) << to_text(program);
}

TEST_P(AFamily, DrawsScriptsWithinItsBounds) {
  std::set<std::size_t> actors;
  std::set<std::size_t> words;
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    const Script script = draw_script(family(), seed);
    actors.insert(script.actors.size());
    words.insert(said(script).size());
  }
  const auto numbers = [](int from, int to) {
    std::set<std::size_t> all;
    for (int number = from; number <= to; ++number) all.insert(static_cast<std::size_t>(number));
    return all;
  };
  EXPECT_EQ(actors, numbers(GetParam().fewest_actors, GetParam().most_actors));
  // A misuse brings a yield.
  EXPECT_EQ(words, numbers(1, GetParam().most_words + (GetParam().misuses.empty() ? 0 : 1)));
}

TEST_P(AFamily, PutsACancelBesideMostWakes) {
  int wakes = 0;
  int beside = 0;
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    const std::vector<Word> words = said(draw_script(family(), seed));
    for (std::size_t i = 0; i < words.size(); ++i) {
      const auto is = [&](std::size_t at, Word::Kind kind) { return at < words.size() && words[at].kind == kind; };
      if (!is(i, Word::Kind::wake)) continue;
      ++wakes;
      if (is(i - 1, Word::Kind::cancel) || is(i + 1, Word::Kind::cancel)) ++beside;
    }
  }
  EXPECT_GT(10 * beside, 6 * wakes) << beside << " of " << wakes;
}

TEST_P(AFamily, AsksItsRulesOnTheSoundModelAndBreaksNone) {
  const BackendAdapter backend = conformance::model_adapter();
  std::map<std::string_view, std::int64_t> evaluations;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    const programs::Run run = run_case(backend, family(), seed);
    ASSERT_TRUE(run.violations.empty()) << run.violations.front().rule << ": " << run.violations.front().message << "\n"
                                        << to_text(draw(family(), seed));
    for (const auto& [rule, count] : run.evaluations) evaluations[rule] += count;
  }
  for (const std::string_view rule : GetParam().rules) EXPECT_GE(evaluations[rule], 10) << rule;
}

INSTANTIATE_TEST_SUITE_P(Each, AFamily, ::testing::ValuesIn(all_families()),
                         [](const auto& family) { return std::string(family.param.name); });

TEST(Families, AreTheSameOnEveryMachine) {
  std::uint64_t hash = 0;
  for (const FamilyInfo& family : all_families()) {
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
      hash = mix(hash, conformance::hash_text(to_text(draw(family.family, seed))));
    }
  }
  EXPECT_EQ(hash, 5807720294531807554ULL);
}

// Broken backends leak, and use what is gone: which is their fault, and no finding of a sanitizer.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)

struct Fault {
  Family family;
  std::string_view mutant;
};

const std::vector<Fault> faults = {
    {Family::lock, "cancelled_waiter_keeps_the_lock"},
    {Family::lock, "cancelled_waiter_stays_in_line"},
    {Family::fair_lock, "cancellation_turns_the_line"},
    {Family::fair_lock, "fair_race_has_two_winners"},
    {Family::fair_lock, "cancelled_acquire_takes_the_lock"},
    {Family::event, "third_event_waiter_is_forgotten"},
    {Family::event, "second_set_takes_back"},
    {Family::condition, "cancelled_waiter_eats_the_notification"},
    {Family::condition, "notification_without_waiters_is_kept"},
    {Family::condition, "conditions_ignore_the_given_lock"},
    {Family::scope_shield, "shield_discards_requests"},
    {Family::scope_shield, "inner_shield_opens_the_outer"},
    {Family::scope_shield, "cancelled_scope_polls"},
    {Family::deadline, "reschedule_only_shortens"},
    {Family::deadline, "unmet_timeout_is_raised"},
    {Family::deadline, "timeout_outranks_groups"},
    {Family::task_join, "third_waiter_is_forgotten"},
    {Family::task_join, "cancelled_waiter_cancels_the_task"},
    {Family::group, "failures_while_unwinding_are_lost"},
    {Family::group, "body_failure_is_lost_beside_others"},
    {Family::group, "task_of_a_cancelled_group_escapes"},
    {Family::gather, "gather_ends_with_its_first_awaitable"},
    {Family::gather, "inner_time_limit_cancels_the_gather"},
    {Family::gather, "new_group_holds_the_failures_of_the_last_one"},
    {Family::portal, "exit_cancels_nothing"},
    {Family::portal, "coroutines_begin_when_scheduled"},
};

class AFault : public ::testing::TestWithParam<Fault> {};

/// Cases until a rule is broken; `most` if none is.
int cases_to_kill(const BackendAdapter& backend, Family family, std::uint64_t seed, int most) {
  for (int i = 0; i < most; ++i) {
    if (!run_case(backend, family, mix(seed, static_cast<std::uint64_t>(i))).violations.empty()) return i + 1;
  }
  return most;
}

TEST_P(AFault, IsSeenWithinFiftyCasesOfItsFamily) {
  const auto mutants = conformance::all_mutants();
  const auto mutant = std::ranges::find(mutants, GetParam().mutant, &conformance::Mutant::name);
  ASSERT_NE(mutant, mutants.end());
  const BackendAdapter backend = mutant->make();
  std::vector<int> cases;
  for (std::uint64_t seed = 1; seed <= 7; ++seed) cases.push_back(cases_to_kill(backend, GetParam().family, seed, 51));
  std::ranges::sort(cases);
  EXPECT_LE(cases[3], 50) << "the median of seven seeds";
}

INSTANTIATE_TEST_SUITE_P(Families, AFault, ::testing::ValuesIn(faults), [](const auto& fault) {
  return std::string(to_string(fault.param.family)) + "_" + std::string(fault.param.mutant);
});

#endif

}  // namespace
}  // namespace concert::programs
