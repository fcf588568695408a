// SPDX-License-Identifier: Apache-2.0
// Families of small programs, one for each primitive: a fixed cast of tasks around one object, and a controller with a
// short script. They meet the rare coincidences of that primitive soon, where whole programs need thousands of cases.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "concert/programs/program.hpp"

namespace concert::programs {

/// The primitive that a family is about.
enum class Family : std::uint8_t {
  lock,          ///< actors ask for a plain lock that the controller holds
  fair_lock,     ///< the same with a fair one
  event,         ///< actors wait for an event
  condition,     ///< actors wait for a condition
  scope_shield,  ///< actors in scopes and shields of their own, all inside one scope of their owner
  deadline,      ///< the same with deadlines; the owner's is rescheduled
  task_join,     ///< actors wait for, join, join or cancel one task, their owner
  group,         ///< actors are tasks of one group of their owner
  gather,        ///< actors are branches of one gather of their owner
  portal,        ///< actors are worker threads that call a threads portal of the controller
};

/// What the controller does next. Nothing between two words of other kinds than `yield` and `sleep` suspends.
struct Word {
  enum class Kind : std::uint8_t {
    wake,    ///< what the primitive is there for: release, set, notify, cancel, reschedule, finish, fail...
    cancel,  ///< cancels an actor, or the owner
    yield,
    sleep,   ///< one tick
    ask,     ///< asks what the primitive can tell
    misuse,  ///< what the primitive must refuse
  };
  Kind kind = Kind::yield;
  /// Of a wake or misuse: which of the family's ways. Of a cancel: the actor from 0 on, or the owner, behind the last.
  int argument = 0;

  friend bool operator==(const Word&, const Word&) = default;
};

/// All that differs between two programs of a family.
struct Script {
  /// What the owner does, or the portal is like; 0 where there is none.
  int owner = 0;
  /// What each actor does: its role.
  std::vector<int> actors;
  std::vector<Word> words;
  /// Half a tick more for each deadline, so that it does not meet a sleep.
  bool out_of_phase = false;
  /// Whether the primitive is used in fixed ways too, beside all else: what needs no coincidence.
  bool with_encore = false;

  friend bool operator==(const Script&, const Script&) = default;
};

struct FamilyInfo {
  Family family;
  std::string_view name;
  /// What a wake is.
  std::string_view wake;
  /// How many ways of waking, roles of actors and roles of the owner there are; 0 owners: the family has none.
  int ways;
  int roles;
  int owners;
  /// What an `ask` asks.
  std::vector<Question> questions;
  /// What a `misuse` is, of each way.
  std::vector<Misuse> misuses;
  /// The rules that the family is there to decide: each is asked in a few programs already.
  std::vector<std::string_view> rules;
  /// How many actors and words (questions and misuses not counted) are drawn.
  int fewest_actors = 2;
  int most_actors = 6;
  int most_words = 8;
  /// False if real threads take part: nobody can choose among all their schedules.
  bool can_be_searched = true;
};
const std::vector<FamilyInfo>& all_families();
const FamilyInfo& info(Family family) noexcept;
std::string_view to_string(Family family) noexcept;

/// The program of a script. Arguments are taken modulo what there is. It is settled, and ends on its own soon after the
/// last word: a scope around all is cancelled then, and an encore waits for nobody.
Program program_of(Family family, const Script& script);

/// The event that tells the controller, in a family with an owner, that all stand where they are to stand.
inline constexpr int curtain_event = 1;

/// The script of the seed, within the bounds of the family. A cancel stands beside most wakes: that is where primitives
/// break.
Script draw_script(Family family, std::uint64_t seed);

/// The program of that script: the same seed gives the same program on every machine.
Program draw(Family family, std::uint64_t seed);

}  // namespace concert::programs
