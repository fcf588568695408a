// SPDX-License-Identifier: Apache-2.0
#include "concert/programs/isolated.hpp"

#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <vector>

namespace concert::programs {
namespace {

using std::chrono::milliseconds;

ChildEnd run(const std::function<void(Progress&)>& work, milliseconds limit = milliseconds(10'000)) {
  return run_isolated(work, [](std::string_view) {}, {limit, true});
}

TEST(Isolated, HandsItsMessagesOver) {
  std::vector<std::string> messages;
  const std::string long_one(300'000, 'x');
  const ChildEnd end = run_isolated(
      [&](Progress& progress) {
        progress.begin_case(7);
        progress.send("first");
        progress.send("");
        progress.send(long_one);
      },
      [&](std::string_view message) { messages.emplace_back(message); });
  EXPECT_EQ(end.fault, "");
  EXPECT_EQ(end.case_index, 7);
  EXPECT_EQ(messages, (std::vector<std::string>{"first", "", long_one}));
}

TEST(Isolated, SaysWithWhichSignalAChildCrashed) {
  const ChildEnd end = run([](Progress& progress) {
    progress.begin_case(3);
    // The default action, also where a sanitizer has its own.
    std::signal(SIGBUS, SIG_DFL);
    std::raise(SIGBUS);
  });
  EXPECT_EQ(end.fault, "crashed:SIGBUS");
  EXPECT_EQ(end.case_index, 3);
}

TEST(Isolated, KeepsWhatWasSentBeforeACrash) {
  std::vector<std::string> messages;
  const ChildEnd end = run_isolated(
      [](Progress& progress) {
        progress.send("before");
        std::signal(SIGKILL, SIG_DFL);
        std::raise(SIGKILL);
      },
      [&](std::string_view message) { messages.emplace_back(message); });
  EXPECT_EQ(end.fault, "crashed:SIGKILL");
  EXPECT_EQ(messages, std::vector<std::string>{"before"});
}

TEST(Isolated, SeesAnExitEvenWithAGoodCode) {
  EXPECT_EQ(run([](Progress&) { std::_Exit(3); }).fault, "exited:3");
  EXPECT_EQ(run([](Progress&) { std::_Exit(0); }).fault, "exited:0");
}

TEST(Isolated, SeesAHang) {
  const ChildEnd end = run(
      [](Progress& progress) {
        progress.begin_case(1);
        progress.begin_case(2);
        for (volatile bool for_ever = true; for_ever;) {
        }
      },
      milliseconds(100));
  EXPECT_EQ(end.fault, "hung");
  EXPECT_EQ(end.case_index, 2);
}

TEST(Isolated, IsNotHungAsLongAsCasesBegin) {
  const ChildEnd end = run(
      [](Progress& progress) {
        const auto start = std::chrono::steady_clock::now();
        for (std::int64_t i = 0; std::chrono::steady_clock::now() - start < milliseconds(450); ++i)
          progress.begin_case(i);
      },
      milliseconds(300));
  EXPECT_EQ(end.fault, "");
}

TEST(Isolated, MayGiveUpWithAFaultOfItsOwn) {
  const ChildEnd end = run([](Progress& progress) {
    progress.begin_case(5);
    progress.give_up("livelock");
  });
  EXPECT_EQ(end.fault, "livelock");
  EXPECT_EQ(end.case_index, 5);
}

TEST(Isolated, TellsWhatItsWorkThrew) {
  EXPECT_EQ(run([](Progress&) { throw std::runtime_error("no luck"); }).fault, "threw: no luck");
  EXPECT_EQ(run([](Progress&) { throw 1; }).fault, "threw: an exception that is no std::exception");
}

TEST(Isolated, EndsTheChildWhenTheParentCannotGoOn) {
  EXPECT_THROW(run_isolated([](Progress& progress) { progress.send("x"); },
                            [](std::string_view) { throw std::runtime_error("refused"); }),
               std::runtime_error);
}

}  // namespace
}  // namespace concert::programs
