// SPDX-License-Identifier: Apache-2.0
#include "concert/model/schedules.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <random>
#include <stdexcept>
#include <utility>

namespace concert::model {

namespace {

/// Priorities of tasks, which change at a few moments only.
class Pct {
 public:
  explicit Pct(const Strategy& strategy) : random_(strategy.seed) {
    // Most programs have fewer choices than this; a moment that does not come makes the depth smaller.
    constexpr std::uint64_t moments = 24;
    for (int i = 1; i < strategy.depth; ++i) falls_.push_back(random_() % moments);
  }

  std::size_t pick(const Choices& choices) {
    if (choices.tasks.empty()) return static_cast<std::size_t>(random_() % choices.count);
    const std::size_t highest = highest_of(choices);
    if (std::ranges::find(falls_, made_++) == falls_.end()) return highest;
    priorities_[choices.tasks[highest]] = --lowest_;
    return highest_of(choices);
  }

 private:
  std::size_t highest_of(const Choices& choices) {
    std::size_t highest = 0;
    for (std::size_t i = 1; i < choices.count; ++i) {
      if (priority_of(choices.tasks[i]) > priority_of(choices.tasks[highest])) highest = i;
    }
    return highest;
  }
  std::int64_t priority_of(std::uint64_t task) {
    const auto [found, is_new] = priorities_.try_emplace(task, 0);
    // Above zero: those that fell are below.
    if (is_new) found->second = static_cast<std::int64_t>(random_() >> 2) + 1;
    return found->second;
  }

  std::mt19937_64 random_;
  std::vector<std::uint64_t> falls_;
  std::uint64_t made_ = 0;
  std::int64_t lowest_ = 0;
  std::map<std::uint64_t, std::int64_t> priorities_;
};

Pick replaying(std::vector<std::size_t> choices) {
  return [choices = std::move(choices), made = std::size_t{0}](const Choices& among) mutable {
    return made < choices.size() ? std::min(choices[made++], among.count - 1) : 0;
  };
}

constexpr std::array<std::string_view, 5> names{"fifo", "lifo", "random", "pct", "replay"};

/// Takes a number from the front of `text`.
template <class Number>
Number take_number(std::string_view& text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc())
    throw std::invalid_argument("expected a number in a strategy, got '" + std::string(text) + "'");
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return number;
}

bool take(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

}  // namespace

Strategy strategy_of(std::uint64_t order_seed) {
  using Kind = Strategy::Kind;
  if (order_seed == 0) return {};
  switch (order_seed % 8) {
    case 0: return {Kind::lifo};
    case 1: return {Kind::pct, order_seed, 2};
    case 2: return {Kind::pct, order_seed, 3};
    default: return {Kind::random, order_seed};
  }
}

Pick pick_for(const Strategy& strategy) {
  switch (strategy.kind) {
    case Strategy::Kind::fifo: break;
    case Strategy::Kind::lifo: return [](Choices choices) { return choices.count - 1; };
    case Strategy::Kind::random:
      return [random = std::mt19937_64(strategy.seed)](Choices choices) mutable {
        return static_cast<std::size_t>(random() % choices.count);
      };
    case Strategy::Kind::pct: return [pct = Pct(strategy)](Choices choices) mutable { return pct.pick(choices); };
    case Strategy::Kind::replay: return replaying(strategy.choices);
  }
  return [](Choices) { return std::size_t{0}; };
}

Pick recording(Pick pick, std::shared_ptr<std::vector<std::size_t>> made) {
  return [pick = std::move(pick), made = std::move(made)](Choices choices) {
    made->push_back(pick(choices));
    return made->back();
  };
}

std::string to_string(const Strategy& strategy) {
  std::string text(names[static_cast<std::size_t>(strategy.kind)]);
  if (strategy.kind == Strategy::Kind::random || strategy.kind == Strategy::Kind::pct) {
    text += ' ' + std::to_string(strategy.seed);
  }
  if (strategy.kind == Strategy::Kind::pct) text += " depth " + std::to_string(strategy.depth);
  if (strategy.kind == Strategy::Kind::replay) {
    char separator = ' ';
    for (const std::size_t choice : strategy.choices) {
      text += separator + std::to_string(choice);
      separator = '.';
    }
  }
  return text;
}

Strategy strategy_from(std::string_view text) {
  std::string_view rest = text;
  const auto name = std::ranges::find_if(names, [&](std::string_view each) { return take(rest, each); });
  if (name == names.end()) {
    throw std::invalid_argument("expected a strategy: fifo, lifo, random, pct or replay; got '" + std::string(text) +
                                "'");
  }
  Strategy strategy{static_cast<Strategy::Kind>(name - names.begin())};
  const bool is_seeded = strategy.kind == Strategy::Kind::random || strategy.kind == Strategy::Kind::pct;
  if (is_seeded && take(rest, " ")) strategy.seed = take_number<std::uint64_t>(rest);
  if (strategy.kind == Strategy::Kind::pct && take(rest, " depth ")) strategy.depth = take_number<int>(rest);
  if (strategy.kind == Strategy::Kind::replay && take(rest, " ")) {
    do {
      strategy.choices.push_back(take_number<std::size_t>(rest));
    } while (take(rest, "."));
  }
  if (to_string(strategy) != text) {
    throw std::invalid_argument("expected the strategy '" + to_string(strategy) + "', got '" + std::string(text) + "'");
  }
  return strategy;
}

}  // namespace concert::model
