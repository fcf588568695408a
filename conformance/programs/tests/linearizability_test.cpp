// SPDX-License-Identifier: Apache-2.0
#include "concert/programs/linearizability.hpp"

#include <gtest/gtest.h>

#include "concert/programs/portal_history.hpp"

namespace concert::programs {
namespace {

/// A register of whole numbers: reads give what was written last; a `lose` may or may not set it back to 0.
struct RegisterOperation {
  enum class Kind { write, read, lose } kind;
  int value = 0;
};

bool is_register(const std::vector<Interval<RegisterOperation>>& history) {
  return is_linearizable(history, 0, [](int state, const RegisterOperation& operation) -> std::vector<int> {
    switch (operation.kind) {
      case RegisterOperation::Kind::write: return {operation.value};
      case RegisterOperation::Kind::lose: return {state, 0};
      case RegisterOperation::Kind::read: break;
    }
    return operation.value == state ? std::vector<int>{state} : std::vector<int>();
  });
}

constexpr auto write = RegisterOperation::Kind::write;
constexpr auto read = RegisterOperation::Kind::read;
constexpr auto lose = RegisterOperation::Kind::lose;

TEST(Linearizability, KeepsTheOrderOfWhatDoesNotOverlap) {
  EXPECT_TRUE(is_register({}));
  EXPECT_TRUE(is_register({{0, 1, {write, 1}}, {2, 3, {read, 1}}}));
  EXPECT_FALSE(is_register({{0, 1, {write, 1}}, {2, 3, {write, 2}}, {4, 5, {read, 1}}}));
}

TEST(Linearizability, OrdersWhatOverlapsInAnyWay) {
  const Interval<RegisterOperation> long_write{0, 9, {write, 1}};
  EXPECT_TRUE(is_register({long_write, {1, 2, {read, 0}}, {3, 4, {read, 1}}}));
  EXPECT_FALSE(is_register({long_write, {1, 2, {read, 1}}, {3, 4, {read, 0}}})) << "a read saw it, a later one did not";
}

TEST(Linearizability, CarriesAllStatesThatAreLeftOpen) {
  const Interval<RegisterOperation> first{0, 1, {write, 1}};
  const Interval<RegisterOperation> open{2, 3, {lose}};
  EXPECT_TRUE(is_register({first, open, {4, 5, {read, 1}}}));
  EXPECT_TRUE(is_register({first, open, {4, 5, {read, 0}}}));
  EXPECT_FALSE(is_register({first, open, {4, 5, {read, 0}}, {6, 7, {read, 1}}})) << "it is one or the other";
}

TEST(Linearizability, RefusesWhatIsTooLong) {
  std::vector<Interval<RegisterOperation>> history;
  for (int i = 0; i <= static_cast<int>(longest_history); ++i) history.push_back({2 * i, 2 * i + 1, {write, i}});
  EXPECT_THROW(is_register(history), std::invalid_argument);
  history.pop_back();
  EXPECT_TRUE(is_register(history));
}

/// A history whose events come one after the other.
CallHistory in_order(bool is_function, const std::vector<PortalEvent>& events) {
  CallHistory history;
  history.is_function = is_function;
  for (const PortalEvent event : events) {
    const auto at = static_cast<std::int64_t>(2 * history.events.size());
    history.events.push_back({at, at + 1, event});
  }
  return history;
}

using enum PortalEvent;

TEST(PortalHistory, AllowsWhatTheDocumentsSay) {
  const std::vector<std::vector<PortalEvent>> good_of_both = {
      {refuse, open, close, refuse},
      {open, accept, begin, end, get, get, cancel_in_vain, close, get},
      {open, accept, begin, end_cancelled, get_withdrawn, cancel},
      {open, accept, close, begin, end, get},
  };
  for (const bool is_function : {false, true}) {
    for (const auto& events : good_of_both) EXPECT_TRUE(is_linearizable(in_order(is_function, events)));
  }
  EXPECT_TRUE(is_linearizable(in_order(true, {open, accept, cancel, get_withdrawn, cancel, close})));
  EXPECT_TRUE(is_linearizable(in_order(true, {open, accept, begin, cancel_in_vain, end, get})));
  EXPECT_TRUE(is_linearizable(in_order(false, {open, accept, cancel, begin, end_cancelled, get_withdrawn, close})));
  EXPECT_TRUE(is_linearizable(in_order(false, {open, accept, begin, cancel, end, get_withdrawn})));
}

TEST(PortalHistory, RefusesWhatTheyForbid) {
  const std::vector<std::vector<PortalEvent>> bad_of_both = {
      {accept, open},
      {open, refuse, close},
      {open, close, accept},
      {open, accept, begin, begin},
      {open, accept, get},
      {open, accept, begin, get, end},
      {open, accept, begin, end, get_withdrawn},
      {open, accept, begin, end, cancel},
      {open, accept, cancel, get_withdrawn, begin, end, get},
      {open, accept, begin, end_cancelled, get},
      {open, accept, begin, end, end},
      {open, accept, cancel_in_vain, begin, end},
  };
  for (const bool is_function : {false, true}) {
    for (const auto& events : bad_of_both) {
      EXPECT_FALSE(is_linearizable(in_order(is_function, events))) << &events - bad_of_both.data();
    }
  }
  EXPECT_FALSE(is_linearizable(in_order(true, {open, accept, cancel, begin})));
  EXPECT_FALSE(is_linearizable(in_order(true, {open, accept, begin, cancel, end})));
  EXPECT_FALSE(is_linearizable(in_order(false, {open, accept, begin, cancel_in_vain, end})));
}

TEST(PortalHistory, LetsACancelRaceWithTheBeginning) {
  CallHistory history = in_order(true, {open, accept});
  history.events.push_back({4, 9, cancel_in_vain});
  history.events.push_back({5, 6, begin});
  EXPECT_TRUE(is_linearizable(history));
  history.events.back() = {10, 11, begin};
  EXPECT_FALSE(is_linearizable(history)) << "the cancel was over before the function began";
}

TEST(PortalHistory, ComesFromTheTrace) {
  const Program program =
      settle({{Op::portal,
               0,
               0,
               {{Op::run_in_thread, 0, 0, {{Op::call_function, 0, 0, {{Op::give, 3}}}, {Op::future_get, 2}}}}}});
  const auto record = [](What what, int task, int statement, Result result = Result::value) {
    return Record{what, task, statement, result, 0, {}, 0};
  };
  std::vector<Record> trace = {
      record(What::entered, 0, 0),     record(What::begin, 0, 1),       record(What::task_began, 1, -1),
      record(What::begin, 1, 2),       record(What::task_began, 2, -1), record(What::task_ended, 2, -1),
      record(What::end, 1, 2),         record(What::begin, 1, 4),       record(What::end, 1, 4),
      record(What::task_ended, 1, -1), record(What::end, 0, 1),         record(What::body_ended, 0, 0),
  };
  const auto histories = portal_histories(program, trace);
  ASSERT_EQ(histories.size(), 1U);
  EXPECT_EQ(histories[0].statement, 2);
  EXPECT_TRUE(histories[0].is_function);
  EXPECT_EQ(histories[0].events.size(), 6U) << "accept, begin, end, get, and open and close of the portal";
  EXPECT_TRUE(is_linearizable(histories[0]));
  trace[8].result = Result::withdrawn;
  EXPECT_FALSE(is_linearizable(portal_histories(program, trace)[0]));
}

}  // namespace
}  // namespace concert::programs
