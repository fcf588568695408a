// SPDX-License-Identifier: Apache-2.0
#include "concert/programs/generator.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <numeric>
#include <stdexcept>
#include <string>
#include <utility>

#include "concert/harness/mix.hpp"
#include "random.hpp"

namespace concert::programs {

namespace {

using Statements = std::vector<Statement>;

constexpr std::size_t op_count = static_cast<std::size_t>(Op::future_cancel) + 1;
constexpr int misuse_count = static_cast<int>(Misuse::enter_closed_portal) + 1;
using Weights = std::array<int, op_count>;

int& weight(Weights& weights, Op op) { return weights[static_cast<std::size_t>(op)]; }

struct Weighted {
  Op op;
  int weight;
};

Weights table(std::initializer_list<Weighted> list) {
  Weights weights{};
  for (const Weighted& entry : list) weight(weights, entry.op) = entry.weight;
  return weights;
}

Weights weights_of(Profile profile) {
  switch (profile) {
    case Profile::lock:
      return table({{Op::with_lock, 40},
                    {Op::yield, 8},
                    {Op::sleep, 14},
                    {Op::cancel_task, 10},
                    {Op::scope, 8},
                    {Op::cancel_scope, 5},
                    {Op::guard, 3},
                    {Op::ask, 3},
                    {Op::raise, 2},
                    {Op::shielded_yield, 2},
                    {Op::misuse, 1}});
    case Profile::condition:
      return table({{Op::condition_wait, 30},
                    {Op::notify, 24},
                    {Op::with_lock, 6},
                    {Op::yield, 6},
                    {Op::sleep, 14},
                    {Op::cancel_task, 8},
                    {Op::scope, 6},
                    {Op::cancel_scope, 4},
                    {Op::guard, 3},
                    {Op::ask, 2},
                    {Op::misuse, 1}});
    case Profile::event:
      return table({{Op::event_wait, 32},
                    {Op::event_set, 14},
                    {Op::yield, 8},
                    {Op::sleep, 14},
                    {Op::cancel_task, 9},
                    {Op::scope, 8},
                    {Op::cancel_scope, 5},
                    {Op::guard, 3},
                    {Op::ask, 3},
                    {Op::shield, 2},
                    {Op::misuse, 1}});
    case Profile::scopes:
      return table({{Op::scope, 30},
                    {Op::cancel_scope, 16},
                    {Op::reschedule, 12},
                    {Op::shield, 14},
                    {Op::yield, 10},
                    {Op::shielded_yield, 4},
                    {Op::sleep, 18},
                    {Op::sleep_until, 5},
                    {Op::sleep_forever, 3},
                    {Op::event_wait, 4},
                    {Op::event_set, 3},
                    {Op::cancel_task, 6},
                    {Op::guard, 8},
                    {Op::raise, 3},
                    {Op::ask, 5},
                    {Op::group, 3},
                    {Op::spawn, 3},
                    {Op::misuse, 1}});
    case Profile::tasks:
      return table({{Op::group, 12},
                    {Op::spawn, 16},
                    {Op::spawn_into, 8},
                    {Op::cancel_task, 12},
                    {Op::wait, 8},
                    {Op::join, 10},
                    {Op::join_or_cancel, 9},
                    {Op::gather, 10},
                    {Op::raise, 12},
                    {Op::give, 6},
                    {Op::yield, 10},
                    {Op::sleep, 14},
                    {Op::scope, 5},
                    {Op::cancel_scope, 4},
                    {Op::guard, 6},
                    {Op::ask, 4},
                    {Op::misuse, 1}});
    case Profile::threads:
      return table({{Op::run_in_thread, 40}, {Op::portal, 3},        {Op::future_get, 2}, {Op::future_cancel, 3},
                    {Op::event_wait, 6},     {Op::event_set, 4},     {Op::with_lock, 3},  {Op::yield, 8},
                    {Op::sleep, 16},         {Op::sleep_forever, 2}, {Op::scope, 8},      {Op::cancel_scope, 5},
                    {Op::cancel_task, 9},    {Op::shield, 3},        {Op::group, 2},      {Op::guard, 3},
                    {Op::raise, 3},          {Op::give, 2},          {Op::ask, 3},        {Op::misuse, 1}});
    case Profile::mix: break;
  }
  return table({{Op::yield, 8},          {Op::shielded_yield, 2},
                {Op::sleep, 12},         {Op::sleep_until, 3},
                {Op::sleep_forever, 2},  {Op::scope, 9},
                {Op::cancel_scope, 6},   {Op::reschedule, 4},
                {Op::shield, 5},         {Op::group, 4},
                {Op::spawn, 5},          {Op::spawn_into, 3},
                {Op::cancel_task, 7},    {Op::wait, 3},
                {Op::join, 4},           {Op::join_or_cancel, 3},
                {Op::gather, 4},         {Op::with_lock, 9},
                {Op::condition_wait, 5}, {Op::notify, 5},
                {Op::event_set, 6},      {Op::event_wait, 8},
                {Op::raise, 4},          {Op::give, 2},
                {Op::guard, 5},          {Op::ask, 4},
                {Op::misuse, 2}});
}

/// Of the statements of a thread, and of a function that it calls.
Weights weights_in_thread() {
  return table({{Op::call_function, 32},
                {Op::call_coroutine, 32},
                {Op::future_get, 10},
                {Op::future_cancel, 8},
                {Op::yield, 12},
                {Op::sleep, 14},
                {Op::raise, 3},
                {Op::give, 4}});
}
Weights weights_in_function() {
  return table({{Op::event_set, 24},
                {Op::cancel_task, 20},
                {Op::cancel_scope, 10},
                {Op::yield, 14},
                {Op::ask, 12},
                {Op::raise, 10},
                {Op::give, 12}});
}

/// Swarm: a program that lacks some kinds and is full of others meets what an even mixture never does.
void swarm(Weights& weights, Random& random) {
  // Threads have a profile of their own.
  for (std::size_t i = 0; i <= static_cast<std::size_t>(Op::misuse); ++i) {
    const Op op = static_cast<Op>(i);
    if (op == Op::yield || op == Op::sleep) continue;
    if (random.percent(40)) {
      weights[i] = 0;
    } else if (random.percent(25)) {
      weights[i] *= 4;
    }
  }
}

/// Ends its list: nothing after it would run.
bool is_last(Op op) { return op == Op::raise || op == Op::give; }

/// Where the next statement will stand; a sketch of what `settle` demands, so that it has little to replace.
struct Here {
  int depth = 0;
  bool in_shield = false;
  bool in_group = false;
  unsigned own_locks = 0;
  bool outer_locks = false;
  /// Inside a coroutine that a thread calls.
  bool in_call = false;

  Here of_task(bool shielded) const {
    Here inner;
    inner.depth = depth + 1;
    inner.in_shield = in_shield || shielded;
    inner.outer_locks = outer_locks || own_locks != 0;
    inner.in_call = in_call;
    return inner;
  }
  Here deeper() const {
    Here inner = *this;
    ++inner.depth;
    return inner;
  }
  bool holds(int lock) const { return (own_locks >> lock & 1U) != 0; }
};

class Generator {
 public:
  Generator(std::uint64_t seed, const GeneratorOptions& options) : random_(seed) {
    // Drawn whether fixed or not, so that fixing one leaves the rest of the stream as it is.
    const int which = random_.below(7);
    const bool phase = random_.percent(50);
    const int size = random_.between(0, 100);
    // From streams of their own: the other programs are what they are without threads and crowds.
    const bool threads = Random(conformance::mix(seed, conformance::hash_text("threads"))).percent(5);
    crowd_random_ = Random(conformance::mix(seed, conformance::hash_text("crowd")));
    const Profile other = which < 5 ? static_cast<Profile>(which) : Profile::mix;
    drawn_.profile = options.profile.value_or(threads ? Profile::threads : other);
    drawn_.time_mode = options.time_mode.value_or(phase ? TimeMode::phase : TimeMode::tie);
    left_ = 4 + options.size.value_or(size) * 40 / 100;
    weights_ = weights_of(drawn_.profile);
    if (drawn_.profile == Profile::mix) swarm(weights_, random_);
    if (!options.with_misuse) weight(weights_, Op::misuse) = 0;
    main_lock_ = random_.below(lock_count);
  }

  Drawn drawn() const { return drawn_; }

  Program program() {
    Statements top = skeleton();
    patch(top);
    if (drawn_.profile == Profile::condition && crowd_random_.percent(15)) crowd(top);
    collide(top);
    if (drawn_.profile == Profile::threads) open_portal(top);
    resolve(top);
    return settle(std::move(top));
  }

 private:
  /// (A scope around) a group with its tasks and a body: in a plain sequence the first wait would end it all.
  Statements skeleton() {
    const bool in_scope = random_.percent(40);
    const int tasks = drawn_.profile == Profile::mix ? random_.between(2, 5) : random_.between(3, 5);
    left_ -= in_scope ? 2 : 1;
    const int share = std::max(1, left_ / (tasks + 1));
    Here body;
    body.in_group = true;
    Statement group{Op::group};
    for (int i = 0; i < tasks; ++i) {
      left_ = share - 1;
      Statements inside = list(body.of_task(false));
      group.body.push_back(Statement{Op::spawn, spawn_mode(), 0, std::move(inside)});
    }
    left_ = share;
    Statements rest = list(body);
    std::move(rest.begin(), rest.end(), std::back_inserter(group.body));
    Statements top;
    if (in_scope) {
      const int kind = random_.below(2);
      top.push_back(Statement{Op::scope, deadline(), kind, {std::move(group)}});
    } else {
      top.push_back(std::move(group));
    }
    return top;
  }

  /// Everybody waits for one condition, more than three tasks, until all are notified at once.
  void crowd(Statements& top) {
    constexpr int fewest_waiters = 4;
    const int condition = crowd_random_.below(condition_count);
    const Statement wait{Op::with_lock, condition, 0, {Statement{Op::condition_wait, condition}}};
    Statements& group = *actors(top).back();
    const std::size_t behind_the_tasks = first_of_the_body(group);
    for (std::size_t i = 0; i < behind_the_tasks; ++i) {
      if (group[i].op == Op::spawn) group[i].body.insert(group[i].body.begin(), wait);
    }
    const int missing = std::max(0, fewest_waiters - static_cast<int>(behind_the_tasks)) + crowd_random_.below(2);
    const Statement waiter{Op::spawn, 0, 0, {wait}};
    const auto body = group.insert(group.begin() + static_cast<std::ptrdiff_t>(behind_the_tasks),
                                   static_cast<std::size_t>(missing), waiter) +
                      missing;
    // Within the first ticks: later somebody has mostly cancelled somebody else.
    group.insert(body, {Statement{Op::sleep, crowd_random_.between(0, 1) * one_tick},
                        Statement{Op::with_lock, condition, 0, {Statement{Op::notify, condition}}}});
  }

  /// Mostly around everything; else around a part of the group's own body, so that threads call before and after.
  void open_portal(Statements& top) {
    if (random_.percent(65)) {
      top = {Statement{Op::portal, 0, 0, std::move(top)}};
      return;
    }
    Statements& group = *actors(top).back();
    const auto rest = group.begin() + static_cast<std::ptrdiff_t>(first_of_the_body(group));
    Statements inside(std::make_move_iterator(rest), std::make_move_iterator(group.end()));
    group.erase(rest, group.end());
    if (random_.percent(50)) group.push_back(Statement{Op::sleep, random_.below(3) * one_tick});
    group.push_back(Statement{Op::portal, 0, 0, std::move(inside)});
  }

  /// As many statements as are left, at least one.
  Statements list(const Here& here) {
    Statements statements;
    do {
      const Op op = pick(here);
      statements.push_back(statement(op, here));
      if (is_last(op)) break;
    } while (left_ > 0);
    return statements;
  }

  /// A body: a part of what is left.
  Statements body(const Here& here) {
    const int outside = left_;
    left_ = outside <= 1 ? outside : random_.between(1, std::min(outside, 6));
    const int before = left_;
    Statements statements = list(here);
    left_ = outside - (before - left_);
    return statements;
  }

  Op pick(const Here& here) {
    Weights fitting = weights_;
    for (std::size_t i = 0; i < op_count; ++i) {
      if (!fits(static_cast<Op>(i), here)) fitting[i] = 0;
    }
    return pick(fitting);
  }
  Op pick(const Weights& weights) {
    int at = random_.below(std::accumulate(weights.begin(), weights.end(), 0));
    for (std::size_t i = 0; i < op_count; ++i) {
      at -= weights[i];
      if (at < 0) return static_cast<Op>(i);
    }
    return Op::yield;
  }

  bool fits(Op op, const Here& here) const {
    if (info(op).has_body && (here.depth >= 5 || left_ < 2)) return false;
    switch (op) {
      case Op::sleep_forever:
      case Op::wait:
      case Op::join:
      case Op::event_wait: return !here.in_shield;
      case Op::join_or_cancel: return !here.in_shield && here.own_locks == 0 && !here.outer_locks;
      case Op::condition_wait: return !here.in_shield && !here.outer_locks;
      case Op::notify:
      case Op::with_lock: return !here.in_shield;
      case Op::run_in_thread: return !here.in_call;
      case Op::portal: return !here.in_call && !here.in_shield;
      case Op::spawn: return here.in_group;
      default: return true;
    }
  }

  Statement statement(Op op, const Here& here) {
    --left_;
    switch (op) {
      case Op::sleep:
      case Op::sleep_until: return Statement{op, duration()};
      case Op::scope: {
        Statements inside = body(here.deeper());
        const int kind = random_.below(2);
        return Statement{op, deadline(), kind, std::move(inside)};
      }
      case Op::cancel_scope: return Statement{op};
      case Op::reschedule: return Statement{op, 0, deadline()};
      case Op::shield: {
        Here inner = here.deeper();
        inner.in_shield = true;
        return Statement{op, 0, 0, body(inner)};
      }
      case Op::group: return group(here);
      case Op::spawn: {
        Statements inside = body(here.of_task(false));
        return Statement{op, spawn_mode(), 0, std::move(inside)};
      }
      case Op::spawn_into: return Statement{op, 0, 0, body(here.of_task(true))};
      case Op::gather: return gather(here);
      case Op::with_lock: return with_lock(lock(), here, nullptr);
      case Op::condition_wait: {
        const Statement wait{op, condition()};
        return here.holds(wait.a) ? wait : with_lock(wait.a, here, &wait);
      }
      case Op::notify: {
        const Statement notify = notification(condition());
        return here.holds(notify.a) ? notify : with_lock(notify.a, here, &notify);
      }
      case Op::event_set:
      case Op::event_wait: return Statement{op, event()};
      case Op::raise:
      case Op::give: return Statement{op, random_.between(1, 9)};
      case Op::guard: {
        Statements inside = body(here.deeper());
        return Statement{op, random_.below(4), 0, std::move(inside)};
      }
      case Op::ask: return Statement{op, random_.below(question_count)};
      case Op::misuse: return Statement{op, random_.below(misuse_count)};
      case Op::run_in_thread: return run_in_thread(here);
      case Op::portal: return Statement{op, 0, 0, body(here.deeper())};
      default: return Statement{op};
    }
  }

  Statement run_in_thread(const Here& here) {
    Statement thread{Op::run_in_thread, random_.percent(35) ? 1 : 0};
    for (int i = random_.between(1, 5); i > 0; --i) {
      const Op op = pick(weights_in_thread());
      --left_;
      if (is_call(op)) {
        thread.body.push_back(call(op, here));
        if (random_.percent(65)) {
          // To be resolved: 1 is for the last call.
          if (random_.percent(25)) thread.body.push_back(Statement{Op::yield});
          thread.body.push_back(Statement{random_.percent(70) ? Op::future_get : Op::future_cancel, 1});
        }
      } else if (is_last(op)) {
        thread.body.push_back(Statement{op, random_.between(1, 9)});
        break;
      } else {
        thread.body.push_back(Statement{op, op == Op::sleep ? duration() : 0});
      }
    }
    return thread;
  }
  Statement call(Op op, const Here& here) {
    Statement call{op};
    if (op == Op::call_coroutine) {
      Here inner = here.of_task(false);
      inner.in_shield = false;
      inner.in_call = true;
      const int outside = std::exchange(left_, random_.between(1, 4));
      call.body = list(inner);
      left_ = outside - 1;
      return call;
    }
    for (int i = random_.between(1, 2); i > 0; --i) {
      const Op inner = pick(weights_in_function());
      int argument = 0;
      if (inner == Op::event_set) argument = event();
      if (inner == Op::ask) argument = random_.between(2, static_cast<int>(Question::tasks));
      if (is_last(inner)) argument = random_.between(1, 9);
      call.body.push_back(Statement{inner, argument});
      if (is_last(inner)) break;
    }
    return call;
  }

  Statement group(const Here& here) {
    Here inner = here.deeper();
    inner.in_group = true;
    Statement group{Op::group};
    const int children = random_.between(1, 2);
    for (int i = 0; i < children && left_ > 1; ++i) group.body.push_back(statement(Op::spawn, inner));
    Statements rest = body(inner);
    std::move(rest.begin(), rest.end(), std::back_inserter(group.body));
    return group;
  }

  Statement gather(const Here& here) {
    Statement gather{Op::gather};
    const int branches = random_.between(1, 3);
    for (int i = 0; i < branches; ++i) gather.body.push_back(Statement{Op::branch, 0, 0, body(here.of_task(false))});
    return gather;
  }

  /// With `core` in its body, alone mostly, if there is one.
  Statement with_lock(int lock, const Here& here, const Statement* core) {
    if (here.holds(lock)) lock = (lock + 1) % lock_count;
    Here inner = here.deeper();
    inner.own_locks |= 1U << lock;
    Statement statement{Op::with_lock, lock};
    if (core != nullptr) statement.body.push_back(*core);
    if (core == nullptr ? random_.percent(75) : left_ > 0 && random_.percent(20)) {
      Statements rest = body(inner);
      std::move(rest.begin(), rest.end(), std::back_inserter(statement.body));
    }
    return statement;
  }

  Statement notification(int condition) {
    return Statement{Op::notify, condition, random_.percent(60) ? 1 : random_.below(4)};
  }

  /// Only `start` gives a handle, without which nobody can name the task.
  int spawn_mode() { return random_.percent(50) ? 1 : 0; }

  // Few objects, and one of them most of the time.
  int lock() { return random_.percent(65) ? main_lock_ : random_.below(lock_count); }
  int condition() { return random_.percent(70) ? 0 : random_.below(condition_count); }
  int event() { return random_.percent(60) ? 0 : random_.below(event_count); }

  int ticks() {
    if (random_.percent(70)) return random_.between(1, 4);
    return random_.percent(35) ? 0 : random_.between(5, 10);
  }
  HalfTicks duration() { return ticks() * one_tick; }
  HalfTicks deadline() {
    const int kind = random_.below(100);
    const HalfTicks from_now = ticks() * one_tick + (drawn_.time_mode == TimeMode::phase ? 1 : 0);
    if (kind < 30) return no_deadline;
    return kind < 36 ? past_deadline : from_now;
  }

  /// The bodies of the tasks of the outermost group, and that group itself.
  static std::vector<Statements*> actors(Statements& top) {
    Statement& group = top.front().op == Op::scope ? top.front().body.front() : top.front();
    std::vector<Statements*> found;
    for (Statement& statement : group.body) {
      if (statement.op == Op::spawn) found.push_back(&statement.body);
    }
    found.push_back(&group.body);
    return found;
  }

  /// The place behind the last task of the group.
  static std::size_t first_of_the_body(const Statements& group) {
    std::size_t at = group.size();
    while (at > 0 && group[at - 1].op != Op::spawn) --at;
    return at;
  }

  void collect_waits(const Statements& statements, std::vector<Statement>& waits) {
    for (const Statement& statement : statements) {
      if (statement.op == Op::event_wait || statement.op == Op::condition_wait) waits.push_back(statement);
      collect_waits(statement.body, waits);
    }
  }

  /// Gives three waits in four somebody else who ends them.
  void patch(Statements& top) {
    const std::vector<Statements*> bodies = actors(top);
    std::vector<std::vector<Statement>> waits(bodies.size());
    // The last one is the group, whose body holds the others: its own waits are those of its plain statements.
    for (std::size_t i = 0; i + 1 < bodies.size(); ++i) collect_waits(*bodies[i], waits[i]);
    for (const Statement& statement : *bodies.back()) {
      if (statement.op != Op::spawn) collect_waits({statement}, waits.back());
    }
    // What goes into the group's own body waits until the end: inserting it moves the bodies that `bodies` points to.
    Statements appended;
    for (std::size_t i = 0; i < bodies.size(); ++i) {
      for (const Statement& wait : waits[i]) {
        if (!random_.percent(75)) continue;
        const std::size_t other = (i + 1 + random_.index(bodies.size() - 1)) % bodies.size();
        wake(wait, other + 1 == bodies.size() ? appended : *bodies[other]);
      }
    }
    Statements& group = *bodies.back();
    const bool blocked = random_.percent(50);  // what wakes others stands behind the body's own waits, or before them
    const auto place = blocked ? group.end() - (!group.empty() && is_last(group.back().op) ? 1 : 0)
                               : group.begin() + static_cast<std::ptrdiff_t>(first_of_the_body(group));
    group.insert(place, std::make_move_iterator(appended.begin()), std::make_move_iterator(appended.end()));
  }

  /// Puts what ends the wait at some place of the list, with a sleep before it mostly, so that the wait has begun.
  void wake(const Statement& wait, Statements& list) {
    Statements what;
    if (random_.percent(60)) what.push_back(Statement{Op::sleep, random_.between(1, 3) * one_tick});
    if (wait.op == Op::event_wait) {
      what.push_back(Statement{Op::event_set, wait.a});
    } else {
      what.push_back(Statement{Op::with_lock, wait.a});
      what.back().body.push_back(notification(wait.a));
    }
    std::size_t places = list.size() + 1;
    if (!list.empty() && is_last(list.back().op)) --places;
    list.insert(list.begin() + static_cast<std::ptrdiff_t>(random_.index(places)), what.begin(), what.end());
  }

  /// Cancels next to a third of the wake-ups, with no await between: who is woken up and cancelled at once must lose
  /// neither.
  void collide(Statements& statements) {
    for (std::size_t i = 0; i < statements.size(); ++i) {
      collide(statements[i].body);
      const Op op = statements[i].op;
      if (op != Op::event_set && op != Op::notify && op != Op::with_lock) continue;
      if (!random_.percent(35)) continue;
      const Statement cancel{random_.percent(75) ? Op::cancel_task : Op::cancel_scope};
      if (op == Op::with_lock && random_.percent(50)) {
        Statements& body = statements[i].body;
        if (body.empty() || !is_last(body.back().op)) body.push_back(cancel);
        continue;
      }
      // The wake-up of a with_lock is its release, at its end.
      const bool before = op != Op::with_lock && random_.percent(50);
      statements.insert(statements.begin() + static_cast<std::ptrdiff_t>(before ? i : i + 1), cancel);
      ++i;
    }
  }

  /// What there is, by number.
  struct Census {
    int tasks = 1;
    int scopes = 0;
    int groups = 0;
    int portals = 0;
    /// Tasks that have a handle.
    std::vector<int> started;
    std::vector<int> calls;
  };
  static void count(const Statements& statements, Census& census) {
    for (const Statement& statement : statements) {
      if (statement.op == Op::spawn && statement.a == 1) census.started.push_back(census.tasks);
      if (is_call(statement.op)) census.calls.push_back(census.tasks);
      if (makes_task(statement.op)) ++census.tasks;
      if (statement.op == Op::portal) ++census.portals;
      if (statement.op == Op::scope) ++census.scopes;
      if (statement.op == Op::group) ++census.groups;
      count(statement.body, census);
    }
  }

  /// Draws the references, now that it is known what there is.
  void resolve(Statements& top) {
    Census all;
    count(top, all);
    Census before;
    std::vector<int> around{0};
    resolve(top, all, before, around);
    std::vector<bool> named(static_cast<std::size_t>(all.tasks));
    collect_named(top, named);
    int next = 1;
    give_handles(top, named, next);
  }

  static void collect_named(const Statements& statements, std::vector<bool>& named) {
    for (const Statement& statement : statements) {
      if (info(statement.op).a == "task") named[static_cast<std::size_t>(statement.a)] = true;
      collect_named(statement.body, named);
    }
  }
  /// Most tasks that somebody names are started, so that there is a handle.
  void give_handles(Statements& statements, const std::vector<bool>& named, int& next) {
    for (Statement& statement : statements) {
      if (makes_task(statement.op)) {
        const bool is_named = named[static_cast<std::size_t>(next++)];
        if (statement.op == Op::spawn && is_named && random_.percent(80)) statement.a = 1;
      }
      give_handles(statement.body, named, next);
    }
  }

  void resolve(Statements& statements, const Census& all, Census& before, std::vector<int>& around) {
    for (std::size_t i = 0; i < statements.size(); ++i) {
      switch (statements[i].op) {
        case Op::cancel_task: statements[i].a = random_.percent(4) ? 0 : any_task(all, 1, before.tasks); break;
        case Op::wait:
        case Op::join: {
          const int task = any_task(all, 1, before.tasks);
          if (std::find(around.begin(), around.end(), task) == around.end()) {
            statements[i].a = task;
          } else {
            statements[i] = Statement{Op::cancel_task, task};
          }
          break;
        }
        case Op::join_or_cancel: {
          const int least = around.back() + 1;
          const int task = least < all.tasks ? any_task(all, least, all.tasks) : 0;
          statements[i] = task >= least && task != 0 ? Statement{Op::join_or_cancel, task}
                                                     : Statement{Op::cancel_task, any_task(all, 1, all.tasks)};
          // A later task is seldom there in the first moment.
          if (random_.percent(85)) {
            statements.insert(statements.begin() + static_cast<std::ptrdiff_t>(i),
                              Statement{Op::sleep, random_.between(1, 2) * one_tick});
            ++i;
          }
          break;
        }
        case Op::cancel_scope:
        case Op::reschedule:
          if (all.scopes > 0) {
            // Later ones are not entered yet; earlier ones are often still active.
            const bool earlier = before.scopes > 0 && random_.percent(70);
            statements[i].a = random_.below(earlier ? before.scopes : all.scopes);
          } else if (statements[i].op == Op::cancel_scope) {
            statements[i] = Statement{Op::cancel_task, any_task(all, 1, all.tasks)};
          } else {
            statements[i] = Statement{Op::yield};
          }
          break;
        case Op::call_function:
        case Op::call_coroutine:
          statements[i].a = random_.percent(85) ? 0 : random_.below(std::max(1, all.portals));
          break;
        case Op::future_get:
        case Op::future_cancel:
          if (statements[i].a == 1 && !before.calls.empty()) {
            statements[i].a = before.calls.back();
          } else if (!all.calls.empty()) {
            const auto& calls = before.calls.empty() || random_.percent(30) ? all.calls : before.calls;
            statements[i].a = calls[random_.index(calls.size())];
          }
          break;
        case Op::spawn_into: statements[i].a = random_.percent(60) ? 0 : random_.below(all.groups); break;
        default: break;
      }
      // Nor is it when that is the first thing that a task does.
      const bool names_task = info(statements[i].op).a == "task";
      if (names_task && i == 0 && statements[i].a >= before.tasks && random_.percent(70)) {
        statements.insert(statements.begin(), Statement{Op::sleep, random_.below(3) * one_tick});
        ++i;
      }
      Statement& statement = statements[i];
      if (statement.op == Op::scope) ++before.scopes;
      if (is_call(statement.op)) before.calls.push_back(before.tasks);
      if (makes_task(statement.op)) {
        around.push_back(before.tasks++);
        resolve(statement.body, all, before, around);
        around.pop_back();
      } else {
        resolve(statement.body, all, before, around);
      }
    }
  }

  /// One from `least` on, mostly with a handle, and before `soon` if there is such a one: it is there already then.
  int any_task(const Census& all, int least, int soon) {
    std::vector<int> fitting;
    std::copy_if(all.started.begin(), all.started.end(), std::back_inserter(fitting),
                 [&](int task) { return task >= least; });
    const auto later = std::lower_bound(fitting.begin(), fitting.end(), soon);
    if (later != fitting.begin() && random_.percent(60)) fitting.erase(later, fitting.end());
    if (!fitting.empty() && !random_.percent(10)) return fitting[random_.index(fitting.size())];
    return random_.between(least, all.tasks - 1);
  }

  Random random_;
  Random crowd_random_{0};
  Drawn drawn_;
  Weights weights_{};
  int left_ = 0;
  int main_lock_ = 0;
};

void check(const GeneratorOptions& options) {
  if (options.size && (*options.size < 0 || *options.size > 100)) {
    throw std::invalid_argument("generate: expected a size from 0 to 100, came " + std::to_string(*options.size));
  }
}

}  // namespace

Program generate(std::uint64_t seed, const GeneratorOptions& options) {
  check(options);
  return Generator(seed, options).program();
}

Drawn drawn(std::uint64_t seed, const GeneratorOptions& options) {
  check(options);
  return Generator(seed, options).drawn();
}

std::string_view to_string(Profile profile) noexcept {
  constexpr std::array names{"lock", "condition", "event", "scopes", "tasks", "mix", "threads"};
  return names.at(static_cast<std::size_t>(profile));
}

std::string_view to_string(TimeMode mode) noexcept { return mode == TimeMode::tie ? "tie" : "phase"; }

}  // namespace concert::programs
