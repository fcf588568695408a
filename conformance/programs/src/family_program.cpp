// SPDX-License-Identifier: Apache-2.0
// The casts of the families, and how a controller speaks its words.
#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "concert/programs/family.hpp"
#include "writer.hpp"

namespace concert::programs {

namespace {

/// The objects of the families; those with the number 0 are the ones that the family is about.
constexpr int plain_lock = 0;
constexpr int first_fair_lock = plain_locks;
constexpr int object = 0;
constexpr int curtain = curtain_event;
/// Lets those go home who are only there for others.
constexpr int going_home = 2;

/// How somebody is cancelled.
struct Target {
  Op op = Op::cancel_task;
  int number = 0;
};

/// Writes the program of a script.
class Play {
 public:
  Play(Family family, const Script& script)
      : family_(family), info_(info(family)), script_(script), words_(script.words) {}

  Program write() {
    if (family_ == Family::portal) return write_with_portal();
    to_.block(Op::scope, no_deadline, 0, [&] {
      to_.block(Op::group, [&] {
        if (script_.with_encore) overture();
        if (is_lock()) {
          perform_with_lock();
        } else {
          stage();
          perform(words_);
        }
        ask();
        to_.add(Op::sleep, long_enough);
        ask();
        if (family_ == Family::task_join) to_.add(Op::event_set, going_home);
        to_.add(Op::cancel_scope, 0);
      });
    });
    // Nothing of the scope may be left.
    to_.add(Op::yield);
    ask();
    if (script_.with_encore) encore();
    return to_.take();
  }

 private:
  /// Longer than all that is not waiting for a word.
  static constexpr HalfTicks long_enough = 6 * one_tick;
  /// Long enough to see whether the loop rests.
  static constexpr HalfTicks very_long = 120 * one_tick;
  static constexpr int by_start = 1;

  using Words = std::span<const Word>;

  bool is_lock() const { return family_ == Family::lock || family_ == Family::fair_lock; }
  int lock() const { return family_ == Family::fair_lock ? first_fair_lock : plain_lock; }
  /// Deadlines may lie beside sleeps.
  HalfTicks deadline(int ticks) const { return ticks * one_tick + (script_.out_of_phase ? 1 : 0); }
  static int modulo(int value, int count) { return count == 0 ? 0 : value % count; }
  int owner_role() const { return modulo(script_.owner, info_.owners); }

  // ---- The cast ----------------------------------------------------------------------------------------------------

  void stage() {
    switch (family_) {
      case Family::lock:
      case Family::fair_lock:
      case Family::event:
      case Family::condition: return actors(Op::spawn);
      case Family::scope_shield:
      case Family::deadline: return stage_scope();
      case Family::task_join: return stage_target();
      case Family::group: return stage_group();
      case Family::gather: return stage_gather();
      case Family::portal: return actors(Op::spawn);
    }
  }

  /// A task or branch for each, one after the other: the order in which they come is that of the text.
  void actors(Op op) {
    for (std::size_t i = 0; i < script_.actors.size(); ++i) {
      const int role = modulo(script_.actors[i], info_.roles);
      own_scope_ = own_call_ = -1;
      const int task = to_.block(op, op == Op::spawn ? by_start : 0, 0, [&] { act(role, static_cast<int>(i)); });
      cast_.push_back(own_call_ >= 0    ? Target{Op::future_cancel, own_call_}
                      : own_scope_ >= 0 ? Target{Op::cancel_scope, own_scope_}
                                        : Target{Op::cancel_task, task});
    }
  }
  /// The scope by which the current actor is cancelled.
  template <class Inside>
  void own_scope(HalfTicks scope_deadline, int kind, const Inside& inside) {
    own_scope_ = to_.block(Op::scope, scope_deadline, kind, inside);
  }
  template <class Inside>
  void own_scope(const Inside& inside) {
    own_scope(no_deadline, 0, inside);
  }
  template <class Inside>
  void cancelled_scope(const Inside& inside) {
    const int scope = to_.next_scope();
    to_.block(Op::scope, no_deadline, 0, [&] {
      to_.add(Op::cancel_scope, scope);
      inside();
    });
  }
  template <class Inside>
  void guarded(Guard mode, const Inside& inside) {
    to_.block(Op::guard, static_cast<int>(mode), 0, inside);
  }
  template <class Inside>
  void shielded(const Inside& inside) {
    to_.block(Op::shield, inside);
  }

  void act(int role, int actor) {
    switch (family_) {
      case Family::lock:
      case Family::fair_lock: return ask_for_lock(role);
      case Family::event: return wait_for_event(role);
      case Family::condition: return wait_for_condition(role);
      case Family::scope_shield: return stand_in_scopes(role);
      case Family::deadline: return stand_in_deadlines(role);
      case Family::task_join: return join(role);
      case Family::group: return be_a_child(role, actor);
      case Family::gather: return be_a_branch(role, actor);
      case Family::portal: return be_a_thread(role, actor);
    }
  }

  void ask_for_lock(int role) {
    const auto with_lock = [&](const auto& inside) { to_.block(Op::with_lock, lock(), 0, inside); };
    const auto nothing = [] {};
    switch (role) {
      case 0: return with_lock(nothing);
      case 1: return with_lock([&] { to_.add(Op::sleep, one_tick); });
      default: own_scope([&] { with_lock([&] { to_.add(Op::yield); }); }); with_lock(nothing);
    }
  }

  void wait_for_event(int role) {
    const auto wait = [&] { to_.add(Op::event_wait, object); };
    if (role == 2) to_.add(Op::yield);
    if (role == 1) own_scope(wait);
    wait();
  }

  void wait_for_condition(int role) {
    const auto wait = [&] { to_.add(Op::condition_wait, object); };
    to_.block(Op::with_lock, plain_lock, 0, [&] {
      if (role == 1) own_scope(wait);
      wait();
      if (role == 2) to_.add(Op::sleep, one_tick);
    });
  }

  void stand_in_scopes(int role) {
    const auto sleep = [&] { to_.add(Op::sleep, 2 * one_tick); };
    const auto yield = [&] { to_.add(Op::yield); };
    const auto tick = [&] { to_.add(Op::sleep, one_tick); };
    switch (role) {
      case 0:
        own_scope(sleep);
        tick();
        break;
      case 1:
        own_scope([&] {
          shielded(tick);
          shielded(yield);
          yield();
        });
        break;
      case 2:
        shielded([&] {
          own_scope(sleep);
          to_.add(Op::ask, static_cast<int>(Question::task));
          yield();
        });
        break;
      case 3:
        // Cancelled again at each checkpoint.
        guarded(Guard::catch_all, sleep);
        guarded(Guard::catch_all, sleep);
        sleep();
        break;
      case 4:
        own_scope([&] {
          to_.block(Op::scope, no_deadline, 0, [&] { shielded(tick); });
          yield();
        });
        break;
      case 5:
        // Cancelled before it is entered, perhaps.
        yield();
        own_scope([&] {
          to_.add(Op::shielded_yield);
          shielded([&] {
            shielded(yield);
            yield();
          });
          yield();
        });
        break;
      case 6:
        shielded(tick);
        to_.add(Op::sleep, 0);
        break;
      case 7: shielded([&] { to_.block(Op::group, [&] { to_.block(Op::spawn, tick); }); }); break;
      default:
        // A failure beside the cancellation.
        guarded(Guard::catch_errors, [&] {
          own_scope([&] {
            to_.block(Op::group, [&] {
              to_.block(Op::spawn, [&] { guarded(Guard::replace, sleep); });
              sleep();
            });
          });
        });
    }
    yield();
  }

  void stand_in_deadlines(int role) {
    const auto sleep = [&] { to_.add(Op::sleep, one_tick); };
    const auto forever = [&] { to_.add(Op::sleep_forever); };
    const auto yield = [&] { to_.add(Op::yield); };
    switch (role) {
      case 0: own_scope(deadline(2), 0, forever); break;
      case 1:
        // Over before anybody could be told: no timeout.
        guarded(Guard::catch_errors,
                [&] { own_scope(deadline(1), 1, [&] { shielded([&] { to_.add(Op::sleep, 2 * one_tick); }); }); });
        break;
      case 2:
        sleep();
        to_.block(Op::scope, past_deadline, 0, [] {});
        own_scope(past_deadline, 0, yield);
        break;
      case 3: guarded(Guard::catch_errors, [&] { own_scope(deadline(1), 1, sleep); }); break;
      case 4: own_scope(deadline(3), 0, [&] { to_.block(Op::scope, deadline(3), 0, forever); }); break;
      default:
        // A failure is one, however late: for its own scopes, and for the owner's, which it reaches in a group.
        own_scope(deadline(1), 1, [&] {
          to_.block(Op::scope, deadline(1), 0, [&] {
            shielded([&] { to_.add(Op::sleep, 4 * one_tick); });
            to_.add(Op::raise, 5);
          });
        });
        return;
    }
    yield();
  }

  void join(int role) {
    const auto join_target = [&] { to_.add(Op::join, object_); };
    const auto join_or_cancel = [&] { to_.add(Op::join_or_cancel, object_); };
    switch (role) {
      case 0: to_.add(Op::wait, object_); break;
      case 1: guarded(Guard::catch_errors, join_target); break;
      case 2: join_or_cancel(); break;
      case 3: own_scope([&] { guarded(Guard::catch_errors, join_or_cancel); }); break;
      default: to_.add(Op::sleep, one_tick); guarded(Guard::catch_errors, join_target);
    }
    to_.add(Op::yield);
  }

  void be_a_child(int role, int actor) {
    const auto wait = [&] { to_.add(Op::event_wait, object); };
    switch (role) {
      case 0: return wait();
      case 1: return guarded(Guard::replace, wait);
      case 2: wait(); return to_.add(Op::raise, 1 + actor % 9);
      case 3: shielded([&] { to_.add(Op::sleep, one_tick); }); return to_.add(Op::yield);
      case 4: return guarded(Guard::clean_up, [&] { to_.add(Op::sleep_forever); });
      default: return to_.add(Op::raise, 1 + actor % 9);
    }
  }

  void be_a_branch(int role, int actor) {
    const auto wait = [&] { to_.add(Op::event_wait, object); };
    const int number = 1 + actor % 9;
    switch (role) {
      case 0: own_scope(wait); break;
      case 1: own_scope(wait); return to_.add(Op::raise, number);
      case 2: own_scope([&] { to_.add(Op::sleep, one_tick); }); break;
      case 3:
        guarded(Guard::replace, [&] {
          own_scope(wait);
          wait();
        });
        break;
      default: own_scope([&] { shielded([&] { to_.add(Op::sleep, one_tick); }); });
    }
    to_.add(Op::give, number);
  }

  /// A task whose function calls the portal from its thread. Calls sleep long enough to be met by a cancellation, and
  /// little enough to end before that of everything.
  void be_a_thread(int role, int actor) {
    const int number = 1 + actor % 9;
    const int task = to_.next_task() - 1;
    const auto nothing = [] {};
    const auto sleep = [&](int ticks) { to_.add(Op::sleep, ticks * one_tick); };
    const auto function = [&](const auto& inside) { return to_.block(Op::call_function, inside); };
    const auto coroutine = [&](const auto& inside) { return to_.block(Op::call_coroutine, inside); };
    const auto thread = [&](bool abandon, const auto& inside) {
      to_.block(Op::run_in_thread, abandon ? 1 : 0, 0, inside);
    };
    switch (role) {
      case 0:
        return thread(false, [&] {
          function(nothing);
          to_.add(Op::future_get, function([&] { to_.add(Op::event_set, object); }));
        });
      case 1:
        return thread(true, [&] {
          own_call_ = coroutine([&] { to_.add(Op::event_wait, object); });
          to_.add(Op::future_get, own_call_);
        });
      case 2:
        // Cancelled when it has begun.
        return thread(false, [&] {
          const int call = coroutine([&] { sleep(3); });
          sleep(1);
          to_.add(Op::future_cancel, call);
        });
      case 3:
        // Before it has, perhaps; the portal goes on.
        return thread(false, [&] {
          to_.add(Op::future_cancel, coroutine([&] { sleep(2); }));
          function(nothing);
        });
      case 4:
        // The calls of a thread begin in its order; the second cancels its own caller.
        return thread(false, [&] {
          coroutine([&] {
            sleep(3);
            to_.add(Op::raise, number);
          });
          function([&] { to_.add(Op::cancel_task, task); });
        });
      case 5:
        // Goes on alone when it is abandoned, behind the exit perhaps.
        return thread(true, [&] {
          sleep(3);
          function(nothing);
          to_.add(Op::give, number);
        });
      case 6:
        return guarded(Guard::catch_errors, [&] {
          thread(actor % 2 == 1, [&] {
            own_call_ = function([&] { to_.add(Op::raise, number); });
            to_.add(Op::raise, number);
          });
        });
      default:
        // A coroutine that others cancel, and a call behind that.
        return thread(false, [&] {
          const int call = coroutine([&] { sleep(3); });
          function([&] { to_.add(Op::cancel_scope, 0); });
          to_.add(Op::future_get, call);
          function(nothing);
        });
    }
  }

  // ---- The owner ---------------------------------------------------------------------------------------------------

  /// The task of the owner; the controller goes on once the cast stands.
  template <class Inside>
  void owner(const Inside& inside) {
    const int task = to_.block(Op::spawn, by_start, 0, inside);
    owner_ = {Op::cancel_task, task};
    to_.add(Op::event_wait, curtain);
  }
  void rise() { to_.add(Op::event_set, curtain); }

  /// A scope around a group of actors.
  void stage_scope() {
    const bool raises = owner_role() == 1;
    const HalfTicks limit = family_ == Family::deadline ? deadline(2) : no_deadline;
    owner([&] {
      guarded(Guard::catch_errors, [&] {
        object_ = to_.block(Op::scope, limit, raises ? 1 : 0, [&] {
          to_.block(Op::group, [&] {
            actors(Op::spawn);
            rise();
          });
          to_.add(Op::yield);
        });
      });
      to_.add(Op::yield);
    });
  }

  /// The target ends with the first wake: the words before are its own, so that nothing comes between them and its end.
  /// It comes behind those who join it in the text, as join_or_cancel demands, but begins before them.
  void stage_target() {
    const auto [own, end] = until_wake(words_);
    const bool fails = end != nullptr && modulo(end->argument, info_.ways) == 1;
    const int host = to_.next_task();
    object_ = host + static_cast<int>(script_.actors.size()) + (fails ? 2 : 1);
    owner_ = {Op::cancel_task, object_};
    to_.block(Op::spawn, by_start, 0, [&] {
      to_.block(Op::group, [&] {
        to_.add(Op::event_wait, object);
        actors(Op::spawn);
        rise();
        to_.add(Op::event_wait, going_home);
      });
    });
    const auto live = [&, own = own, end = end] {
      to_.add(Op::event_wait, curtain);
      if (end == nullptr) {
        to_.add(Op::sleep_forever);
      } else {
        perform(own);
      }
    };
    const auto target = [&] {
      to_.block(Op::spawn, by_start, 0, [&] {
        if (owner_role() == 1) {
          guarded(Guard::clean_up, live);
        } else {
          live();
        }
        to_.add(fails ? Op::raise : Op::give, 7);
      });
      to_.add(Op::event_set, object);
    };
    if (fails) {
      // In a group of its own, so that its failure is not that of all.
      to_.block(Op::spawn, by_start, 0, [&] { guarded(Guard::catch_errors, [&] { to_.block(Op::group, target); }); });
    } else {
      target();
    }
    if (end == nullptr) return to_.add(Op::event_wait, curtain);
    to_.add(Op::wait, object_);
    words_ = words_.subspan(own.size() + 1);
  }

  void stage_group() {
    owner([&] {
      guarded(Guard::catch_errors, [&] {
        object_ = to_.block(Op::group, [&] {
          actors(Op::spawn);
          prepare_as_host();
          rise();
          live_as_host();
        });
      });
      to_.add(Op::yield);
    });
  }

  /// What the body of the group does behind its children, before the controller has a word.
  void prepare_as_host() {
    if (owner_role() == 4) {
      // A task of the group is none of the scope in which it was started, but its start is cancelled by it.
      const int scope = to_.next_scope();
      const auto start = [&] { to_.block(Op::spawn, by_start, 0, [&] { to_.add(Op::sleep, one_tick); }); };
      to_.block(Op::scope, no_deadline, 0, [&] {
        start();
        to_.add(Op::cancel_scope, scope);
        to_.add(Op::shielded_yield);
        start();
      });
    } else if (owner_role() == 5) {
      // A group that was empty once, and is not when it is left.
      to_.block(Op::group, [&] {
        to_.block(Op::spawn, by_start, 0, [] {});
        to_.add(Op::yield);
        to_.block(Op::spawn, by_start, 0, [&] { to_.add(Op::yield); });
      });
    }
  }
  /// And what it does then.
  void live_as_host() {
    switch (owner_role()) {
      case 1: to_.add(Op::event_wait, object); return to_.add(Op::raise, 9);
      case 2: guarded(Guard::catch_all, [&] { to_.add(Op::sleep_forever); }); return to_.add(Op::sleep, one_tick);
      case 3: to_.add(Op::yield); return to_.add(Op::raise, 9);
      default: return;
    }
  }

  /// The words up to the first that leaves the portal are said inside; if there is none, the threads have time to come.
  /// Whatever waits for its end is sent home by a deadline then, since nobody is left to cancel it.
  Program write_with_portal() {
    const bool fails = owner_role() == 1;
    const bool opens_late = owner_role() == 2;
    owner_ = {Op::cancel_scope, 0};
    const auto leaves = [&](const Word& word) {
      return word.kind == Word::Kind::wake && modulo(word.argument, info_.ways) == 1;
    };
    const auto exit = std::ranges::find_if(words_, leaves);
    const Words inside = words_.first(static_cast<std::size_t>(exit - words_.begin()));
    const auto live = [&] {
      to_.block(Op::portal, [&] {
        if (!opens_late) stage();
        perform(inside);
        if (fails) {
          if (exit == words_.end()) to_.add(Op::sleep, one_tick);
          to_.add(Op::raise, 9);
        } else if (exit == words_.end()) {
          // A portal that is cancelled accepts calls until its body has ended.
          shielded([&] { to_.add(Op::sleep, 2 * one_tick); });
        }
      });
    };
    to_.block(Op::scope, deadline(long_enough / one_tick), 0, [&] {
      to_.block(Op::group, [&] {
        if (opens_late) stage();
        if (fails) {
          guarded(Guard::catch_errors, live);
        } else {
          live();
        }
        if (exit != words_.end()) perform(words_.subspan(inside.size() + 1));
      });
    });
    to_.add(Op::yield);
    return to_.take();
  }

  void stage_gather() {
    owner([&] {
      rise();
      guarded(Guard::catch_errors, [&] {
        if (owner_role() == 0) {
          to_.block(Op::gather, [&] { actors(Op::branch); });
        } else {
          to_.block(Op::scope, no_deadline, 0, [&] { to_.block(Op::gather, [&] { actors(Op::branch); }); });
        }
      });
      to_.add(Op::yield);
    });
    to_.add(Op::yield);
  }

  // ---- The controller ----------------------------------------------------------------------------------------------

  void perform(Words words) {
    if (family_ == Family::condition) return perform_with_condition(words);
    for (const Word& word : words) say(word);
  }

  void say(const Word& word) {
    switch (word.kind) {
      case Word::Kind::wake: return wake(modulo(word.argument, info_.ways));
      case Word::Kind::cancel: return cancel(word.argument);
      case Word::Kind::yield: return to_.add(Op::yield);
      case Word::Kind::sleep: return to_.add(Op::sleep, one_tick);
      case Word::Kind::ask: return ask();
      case Word::Kind::misuse:
        if (info_.misuses.empty()) return;
        return to_.add(Op::misuse,
                       static_cast<int>(info_.misuses[static_cast<std::size_t>(word.argument) % info_.misuses.size()]));
    }
  }

  void ask() {
    for (const Question question : info_.questions) to_.add(Op::ask, static_cast<int>(question));
  }

  void cancel(int whom) {
    const int count = static_cast<int>(cast_.size()) + (info_.owners > 0 ? 1 : 0);
    const auto index = static_cast<std::size_t>(modulo(whom, count));
    const Target target = index < cast_.size() ? cast_[index] : owner_;
    to_.add(target.op, target.number);
  }

  void wake(int way) {
    switch (family_) {
      case Family::lock:
      case Family::fair_lock: return;
      case Family::event:
      case Family::gather: return to_.add(Op::event_set, object);
      case Family::condition: {
        constexpr std::array counts{1, 0, 2};
        return to_.add(Op::notify, object, counts[static_cast<std::size_t>(way)]);
      }
      case Family::scope_shield: return to_.add(Op::cancel_scope, object_);
      case Family::deadline: {
        const std::array deadlines{deadline(1), deadline(4), past_deadline, no_deadline};
        return to_.add(Op::reschedule, object_, deadlines[static_cast<std::size_t>(way)]);
      }
      case Family::task_join: return to_.add(Op::cancel_task, object_);
      case Family::group: return way == 0 ? to_.add(Op::event_set, object) : join_late(way == 1);
      // The exit itself stands where the block ends: behind it, nothing is left to be left.
      case Family::portal: return way == 0 ? to_.add(Op::event_set, object) : to_.add(Op::yield);
    }
  }
  void join_late(bool fails) {
    to_.block(Op::spawn_into, object_, 0, [&] {
      if (fails) return to_.add(Op::raise, 8);
      // The cancellation of the group is the outer one.
      to_.block(Op::scope, past_deadline, 0, [&] { to_.add(Op::yield); });
    });
  }

  /// The words before the first wake, and that wake; null if there is none.
  static std::pair<Words, const Word*> until_wake(Words words) {
    const auto end = std::ranges::find(words, Word::Kind::wake, &Word::kind);
    return {words.first(static_cast<std::size_t>(end - words.begin())), end == words.end() ? nullptr : &*end};
  }
  /// The words before the first that suspends.
  static Words prompt(Words words) {
    const auto suspends = [](const Word& word) {
      return word.kind == Word::Kind::yield || word.kind == Word::Kind::sleep;
    };
    return words.first(static_cast<std::size_t>(std::ranges::find_if(words, suspends) - words.begin()));
  }

  /// The controller holds the lock until the first wake, and takes it again for each further one. Cancels behind a
  /// wake come before that: nothing may suspend between the two.
  void perform_with_lock() {
    for (bool is_first = true; is_first || !words_.empty(); is_first = false) {
      const auto [part, end] = until_wake(words_);
      const Words outside = is_first ? Words() : end == nullptr ? part : prompt(part);
      words_ = words_.subspan(part.size() + (end == nullptr ? 0 : 1));
      perform(outside);
      if (!is_first && end == nullptr) return;
      to_.block(Op::with_lock, lock(), 0, [&, part = part] {
        if (is_first) stage();
        perform(part.subspan(outside.size()));
      });
    }
  }

  /// A notification needs the lock; what does not suspend beside it is said under it too.
  void perform_with_condition(Words words) {
    while (!words.empty()) {
      const Words together = prompt(words);
      const auto say_all = [&] {
        for (const Word& word : together) say(word);
      };
      if (until_wake(together).second != nullptr) {
        to_.block(Op::with_lock, plain_lock, 0, say_all);
      } else {
        say_all();
      }
      words = words.subspan(together.size());
      if (words.empty()) return;
      say(words.front());
      words = words.subspan(1);
    }
  }

  // ---- Before and after --------------------------------------------------------------------------------------------

  /// What must come first of that which needs no coincidence.
  void overture() {
    if (family_ == Family::condition) notify_under_cancellation();
    // A wake time that is now: only the beginning has a time for certain.
    if (family_ == Family::deadline) to_.add(Op::sleep_until, 0);
  }

  /// A notification is no checkpoint. A refusal would end everything, so it comes first.
  void notify_under_cancellation() {
    to_.block(Op::with_lock, plain_lock, 0, [&] {
      cancelled_scope([&] {
        to_.block(Op::group, [&] {
          to_.block(Op::spawn, [&] { to_.add(Op::yield); });
          to_.add(Op::notify, object, 1);
        });
      });
    });
  }

  /// When all have gone home, the primitive is used once more.
  void encore() {
    switch (family_) {
      case Family::lock:
      case Family::fair_lock: return lock_once_more();
      case Family::scope_shield: return cancel_once_more();
      case Family::deadline: return sleep_once_more();
      case Family::group: return fail_beside_a_cancelled();
      case Family::gather: return gather_once_more();
      default: return;
    }
  }

  /// Asked for by one who is cancelled, the lock still goes to the next; while it is free, nobody waits for it.
  void lock_once_more() {
    const auto take = [&] { to_.block(Op::with_lock, lock(), 0, [] {}); };
    to_.block(Op::group, [&] {
      to_.block(Op::spawn, [&] { cancelled_scope(take); });
      to_.block(Op::spawn, take);
      to_.block(Op::spawn, take);
    });
  }

  /// Under a cancellation, a task may go on for long, cancel itself, and lets others go first.
  void cancel_once_more() {
    cancelled_scope([&] { shielded([&] { to_.add(Op::sleep, very_long); }); });
    to_.block(Op::group, [&] {
      const int task = to_.next_task();
      to_.block(Op::spawn, by_start, 0, [&] {
        // Its first step is a part of its start: nobody has a handle of it before.
        to_.add(Op::yield);
        cancelled_scope([&] { to_.add(Op::cancel_task, task); });
      });
    });
    cancelled_scope([&] {
      to_.block(Op::group, [&] {
        for (int i = 0; i < 3; ++i) to_.block(Op::spawn, [] {});
        to_.add(Op::yield);
      });
    });
  }

  /// The timer of a sleep is gone when that is cancelled. A past wake time is a checkpoint. A timeout is one, however
  /// often it was told.
  void sleep_once_more() {
    const auto sleep_until_past = [&] { to_.add(Op::sleep_until, 0); };
    const auto yield = [&] { to_.add(Op::yield); };
    to_.block(Op::scope, deadline(1), 0, [&] { to_.add(Op::sleep, 3 * one_tick); });
    to_.add(Op::sleep, 4 * one_tick);
    sleep_until_past();
    cancelled_scope(sleep_until_past);
    guarded(Guard::catch_errors, [&] {
      to_.block(Op::scope, past_deadline, 1, [&] {
        guarded(Guard::catch_all, yield);
        yield();
      });
    });
  }

  /// The Cancelled of another task, which a join reports, is a failure: no std::exception, and beside another one.
  void fail_beside_a_cancelled() {
    guarded(Guard::catch_errors, [&] {
      to_.block(Op::group, [&] {
        const int cancelled = to_.block(Op::spawn, by_start, 0, [&] { to_.add(Op::yield); });
        to_.block(Op::spawn, [&] { guarded(Guard::replace, [&] { to_.add(Op::sleep, one_tick); }); });
        to_.block(Op::spawn, [&] { to_.add(Op::join, cancelled); });
        to_.add(Op::cancel_task, cancelled);
      });
    });
  }

  /// Behind one that has failed, perhaps.
  void gather_once_more() {
    guarded(Guard::catch_errors,
            [&] { to_.block(Op::gather, [&] { to_.block(Op::branch, [&] { to_.add(Op::give, 1); }); }); });
  }

  Family family_;
  const FamilyInfo& info_;
  const Script& script_;
  /// Those that are still to be said.
  Words words_;
  Writer to_;
  /// How each actor is cancelled, and the owner.
  std::vector<Target> cast_;
  Target owner_;
  int own_scope_ = -1;
  /// The call whose future is cancelled instead.
  int own_call_ = -1;
  /// The scope, task or group that the family is about.
  int object_ = 0;
};

}  // namespace

Program program_of(Family family, const Script& script) { return Play(family, script).write(); }

}  // namespace concert::programs
