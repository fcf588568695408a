// SPDX-License-Identifier: Apache-2.0
#include "concert/programs/family.hpp"

#include <algorithm>

#include "random.hpp"

namespace concert::programs {

namespace {

using Questions = std::vector<Question>;
using Misuses = std::vector<Misuse>;

std::vector<FamilyInfo> make_families() {
  const Questions locks{Question::locks};
  const Questions scopes{Question::scopes, Question::deadlines};
  const Questions tasks{Question::tasks, Question::cancelled};
  const Misuses releases{Misuse::release_free_lock, Misuse::release_foreign_lock};
  std::vector<FamilyInfo> all;
  all.push_back({Family::lock, "lock", "the controller releases the lock", 1, 3, 0, locks, releases, {}});
  all.back().rules = {"LCK-1", "LCK-3", "LCK-4", "LCK-5"};
  all.push_back({Family::fair_lock, "fair_lock", "the controller releases the lock", 1, 3, 0, locks, releases, {}});
  all.back().rules = {"LCK-1", "LCK-2", "LCK-3", "LCK-4"};
  all.push_back({Family::event, "event", "the event is set", 1, 3, 0, {Question::events}, {}, {}});
  all.back().rules = {"EVT-1", "EVT-2", "EVT-3"};
  all.push_back({Family::condition, "condition", "one is notified, all are, two are", 3, 3, 0, locks, {}, {}});
  all.back().misuses = {Misuse::wait_without_lock, Misuse::notify_without_lock};
  all.back().rules = {"CND-1", "CND-2", "CND-3", "LCK-1", "LCK-4"};
  all.push_back({Family::scope_shield, "scope_shield", "the owner's scope is cancelled", 1, 9, 2, scopes, {}, {}});
  all.back().misuses = {Misuse::enter_scope_twice};
  all.back().rules = {"CAN-1", "CAN-2", "CAN-3", "CAN-4", "SCP-1", "SCP-2", "SCP-3", "SHD-1"};
  all.push_back({Family::deadline,
                 "deadline",
                 "the owner's deadline becomes sooner, later, past, none",
                 4,
                 6,
                 2,
                 scopes,
                 {},
                 {}});
  all.back().misuses = {Misuse::nan_deadline, Misuse::negative_sleep};
  all.back().rules = {"DL-1", "DL-2", "DL-3", "DL-4", "DL-5", "SCP-3", "SLP-1", "SLP-2"};
  all.push_back(
      {Family::task_join, "task_join", "the owner ends: with a value, with an error", 2, 5, 2, tasks, {}, {}});
  all.back().rules = {"TSK-1", "TSK-2", "TSK-5", "TSK-7", "TSK-8", "TSK-9"};
  all.push_back({Family::group, "group", "children fail, a late one fails, a late one comes", 3, 6, 6, tasks, {}, {}});
  all.back().misuses = {Misuse::spawn_before_enter, Misuse::spawn_after_exit};
  all.back().rules = {"GRP-1", "GRP-2", "GRP-3", "GRP-4", "GRP-5", "GRP-7", "TSK-6", "TSK-9"};
  all.push_back({Family::gather, "gather", "some branches fail, others give", 1, 5, 2, {Question::task}, {}, {}});
  all.back().rules = {"GAT-1", "GAT-2", "GAT-3", "TSK-3"};
  all.push_back({Family::portal, "portal", "an event is set, the portal is left", 2, 8, 3, {}, {}, {}});
  all.back().misuses = {Misuse::call_own_portal, Misuse::enter_open_portal, Misuse::enter_closed_portal};
  all.back().rules = {"THR-1", "THR-2", "THR-3", "THR-4", "POR-1", "POR-2", "POR-3", "POR-4", "POR-5", "POR-6"};
  all.back().fewest_actors = 1;
  all.back().most_actors = 3;
  all.back().most_words = 5;
  all.back().can_be_searched = false;
  return all;
}

/// The words of a script, a cancel beside most wakes.
std::vector<Word> draw_words(const FamilyInfo& family, int actors, Random& random) {
  // The plain way, and whoever came first, now and then: his turn is the next.
  const auto wake = [&] { return Word{Word::Kind::wake, random.percent(40) ? 0 : random.below(family.ways)}; };
  const int targets = actors + (family.owners > 0 ? 1 : 0);
  const auto cancel = [&] { return Word{Word::Kind::cancel, random.percent(40) ? 0 : random.below(targets)}; };
  std::vector<Word> words;
  const int count = random.between(1, family.most_words);
  while (static_cast<int>(words.size()) < count) {
    const int kind = random.below(100);
    if (kind < 20) {
      words.push_back(wake());
    } else if (kind < 40) {
      words.push_back(cancel());
      words.push_back(wake());
    } else if (kind < 60) {
      words.push_back(wake());
      words.push_back(cancel());
    } else if (kind < 72) {
      words.push_back(cancel());
    } else if (kind < 88) {
      words.push_back({Word::Kind::yield, 0});
    } else {
      words.push_back({Word::Kind::sleep, 0});
    }
  }
  words.resize(static_cast<std::size_t>(count));
  return words;
}

void insert_question(std::vector<Word>& words, Random& random) {
  words.insert(words.begin() + random.below(static_cast<int>(words.size()) + 1), {Word::Kind::ask, 0});
}

/// Behind the first wake, and behind a moment in which somebody else may have had his turn.
void insert_misuse(std::vector<Word>& words, const FamilyInfo& family, Random& random) {
  const Word misuse{Word::Kind::misuse, random.below(static_cast<int>(family.misuses.size()))};
  auto after = std::ranges::find(words, Word::Kind::wake, &Word::kind);
  if (after != words.end()) ++after;
  const auto at = after + random.below(static_cast<int>(words.end() - after) + 1);
  words.insert(at, {{Word::Kind::yield, 0}, misuse});
}

}  // namespace

const std::vector<FamilyInfo>& all_families() {
  static const std::vector<FamilyInfo> families = make_families();
  return families;
}

const FamilyInfo& info(Family family) noexcept { return all_families()[static_cast<std::size_t>(family)]; }

std::string_view to_string(Family family) noexcept { return info(family).name; }

Script draw_script(Family family, std::uint64_t seed) {
  const FamilyInfo& of = info(family);
  Random random(seed);
  Script script;
  script.owner = of.owners == 0 ? 0 : random.below(of.owners);
  script.out_of_phase = random.percent(30);
  script.with_encore = true;
  const int actors = random.between(of.fewest_actors, of.most_actors);
  for (int i = 0; i < actors; ++i) script.actors.push_back(random.below(of.roles));
  script.words = draw_words(of, actors, random);
  for (int questions = random.below(3); questions > 0; --questions) insert_question(script.words, random);
  if (!of.misuses.empty() && random.percent(30)) insert_misuse(script.words, of, random);
  return script;
}

Program draw(Family family, std::uint64_t seed) { return program_of(family, draw_script(family, seed)); }

}  // namespace concert::programs
