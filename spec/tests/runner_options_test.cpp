// SPDX-License-Identifier: Apache-2.0
#include "concert/runner_options.hpp"

#include <gtest/gtest.h>

#include <string>

namespace concert {
namespace {

template <class F>
std::string message_of(F function) {
  try {
    function();
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "no error";
}

TEST(RunnerOptions, GivesTheValueOrTheDefault) {
  const auto options = RunnerOptions().set("seed", 7);
  RunnerOptionReader reader(options, "loop");
  EXPECT_EQ(reader.get_or<int>("seed", 1, "an int"), 7);
  EXPECT_EQ(reader.get_or<int>("other", 1, "an int"), 1);
  EXPECT_NO_THROW(reader.refuse_unknown());
}

TEST(RunnerOptions, AWrongTypeNamesOptionAndExpectation) {
  const auto options = RunnerOptions().set("seed", std::string("seven"));
  RunnerOptionReader reader(options, "loop");
  const std::string message = message_of([&] { reader.get_or<int>("seed", 1, "an int"); });
  EXPECT_NE(message.find("'seed' of the backend 'loop' must be an int"), std::string::npos) << message;
}

TEST(RunnerOptions, AnUnknownOneListsTheKnown) {
  const auto options = RunnerOptions().set("sede", 7);
  RunnerOptionReader reader(options, "loop");
  reader.get_or<int>("seed", 1, "an int");
  const std::string message = message_of([&] { reader.refuse_unknown(); });
  EXPECT_NE(message.find("unknown runner option 'sede'"), std::string::npos) << message;
  EXPECT_NE(message.find("it knows: seed"), std::string::npos) << message;
}

}  // namespace
}  // namespace concert
