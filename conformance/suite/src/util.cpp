// SPDX-License-Identifier: Apache-2.0
// Tests of spec/clauses/run.md, the family Util: how a program finds a backend.
#include <thread>
#include <typeinfo>

#include "concert/harness/for_all.hpp"
#include "concert/suite/suite.hpp"

namespace concert::conformance {

namespace {

using namespace std::chrono_literals;

/// A registry, installed for this thread, with the backend under test and a decoy; it counts what they made.
class Known {
 public:
  explicit Known(const Trial& t) : name(t.adapter().name) {
    registry_.add(name, [this, &t] { return ++made, t.make_backend(); });
    // Sorts before any other name.
    registry_.add("!decoy", [this, &t] { return ++decoys, t.make_backend(); });
  }
  Known(const Known&) = delete;
  Known& operator=(const Known&) = delete;

  BackendRegistry& registry() noexcept { return registry_; }

  const std::string name;
  int made = 0;
  int decoys = 0;

 private:
  BackendRegistry registry_;
  BackendRegistry::Installation installed_ = registry_.install();
};

int run_answer(const Trial& t, AsyncBackend& backend) {
  return backend.bootstrap(t.runner_options(), [&]() -> Coro<int> {
    co_await backend.sleep(10ms);
    co_return 42;
  });
}

/// Calls `look` in a run of the backend under test, while one of another object goes on in a second thread.
void look_beside_another_run(Trial& t, const std::function<void()>& look_here, const std::function<void()>& look_there,
                             AsyncBackend& other) {
  const auto failure = t.run([&](AsyncBackend& backend) -> Coro<> {
    look_here();
    std::thread([&] {
      t.call([&] {
        other.bootstrap(t.runner_options(), [&]() -> Coro<> {
          look_there();
          co_await other.sleep(10ms);
        });
      });
    }).join();
    co_await backend.sleep(10ms);
    look_here();
  });
  t.expect_no_failure("run-failed", failure);
}

// ---- new_builtin_backend --------------------------------------------------------------------------------------------

void a_known_name_gives_a_new_backend(Trial& t) {
  Known known(t);
  std::unique_ptr<AsyncBackend> first;
  std::unique_ptr<AsyncBackend> second;
  int answers = 0;
  const auto failure = t.call([&] {
    first = t.adapter().finder.make(known.name);
    second = t.adapter().finder.make(known.name);
    answers = run_answer(t, *first) + run_answer(t, *second);
  });
  t.witness("backends made by name", 2);
  t.expect_no_failure("failed", failure);
  t.expect_equal("factory-calls", 2, known.made);
  t.expect_equal("other-factory-calls", 0, known.decoys);
  t.expect_true("distinct", first != second);
  t.expect_equal("answers", 84, answers);
}

void an_unknown_name_is_refused(Trial& t) {
  const auto names = rc::gen::container<std::string>(rc::gen::inRange('a', 'z'));
  for_all<std::string>(t, "unknown name", names, [](Trial& one, const std::string& drawn) {
    Known known(one);
    // Every second one begins as a known name does; the empty one is among the others.
    const std::string unknown = drawn == known.name || drawn.size() % 2 == 1 ? known.name + "-" + drawn : drawn;
    const auto failure = thrown_by([&] { one.adapter().finder.make(unknown); });
    one.witness("unknown names asked for");
    one.expect_failure<UnsupportedOperation>("type", failure);
    one.expect(describe(failure).find(unknown) != std::string::npos, "message",
               "a message that contains " + show(unknown), describe(failure));
  });
}

std::string nested_in(const std::exception_ptr& failure) {
  return describe(thrown_by([&] {
    try {
      if (failure) std::rethrow_exception(failure);
    } catch (const std::exception& outer) {
      std::rethrow_if_nested(outer);
    } catch (...) {
      return;
    }
  }));
}

void a_missing_library_is_told_with_its_reason(Trial& t) {
  for_all<int>(t, "reason", rc::gen::inRange(0, 1000), [](Trial& one, const int& drawn) {
    Known known(one);
    const std::string reason = "built without library " + std::to_string(drawn);
    known.registry().add_missing("missing", reason);
    const auto failure = thrown_by([&] { one.adapter().finder.make("missing"); });
    one.witness("missing backends asked for");
    one.expect_failure<MissingDependency>("type", failure);
    const std::string nested = nested_in(failure);
    one.expect(nested.find(reason) != std::string::npos, "nested", reason, nested);
  });
}

// ---- ensure_backend -------------------------------------------------------------------------------------------------

void a_given_backend_is_the_answer(Trial& t) {
  Known known(t);
  const std::shared_ptr<AsyncBackend> other = t.make_backend();
  const BackendFinder& finder = t.adapter().finder;
  const auto check = [&](std::string_view key) {
    bool right = false;
    const auto failure = thrown_by([&] {
      right = finder.ensure_object(t.backend()).get() == &t.backend() &&
              finder.ensure_object(*other).get() == other.get() && finder.ensure_shared(other) == other;
    });
    t.expect(right, key, "the backend that was given", failure ? describe(failure) : "another one");
  };
  check("outside");
  t.run([&](AsyncBackend& backend) -> Coro<> {
    co_await backend.sleep(10ms);
    t.witness("calls inside a run");
    check("inside");
  });
}

void a_name_gives_a_new_backend_each_time(Trial& t) {
  Known known(t);
  const BackendFinder& finder = t.adapter().finder;
  std::shared_ptr<AsyncBackend> outside;
  std::shared_ptr<AsyncBackend> inside;
  std::shared_ptr<AsyncBackend> inside_again;
  const auto failure = t.run([&](AsyncBackend& backend) -> Coro<> {
    co_await backend.sleep(10ms);
    inside = finder.ensure_named(known.name);
    inside_again = finder.ensure_named(known.name);
  });
  const auto outside_failure = thrown_by([&] { outside = finder.ensure_named(known.name); });
  t.witness("calls with a name", 3);
  t.expect_no_failure("failed", failure);
  t.expect_no_failure("failed-outside", outside_failure);
  t.expect_true("not-the-running-one", inside.get() != &t.backend() && inside_again.get() != &t.backend());
  t.expect_true("distinct", inside != inside_again && inside != outside && inside_again != outside);
}

void nothing_gives_the_running_backend(Trial& t) {
  Known known(t);
  const auto other = t.make_backend();
  const BackendFinder& finder = t.adapter().finder;
  std::vector<AsyncBackend*> here;
  AsyncBackend* there = nullptr;
  look_beside_another_run(
      t, [&] { here.push_back(finder.ensure_running().get()); }, [&] { there = finder.ensure_running().get(); },
      *other);
  t.witness("calls inside a run", here.size());
  t.expect_true("here", here == std::vector<AsyncBackend*>(2, &t.backend()));
  t.expect_true("in-the-other-thread", there == other.get());
}

void nothing_is_refused_where_no_backend_runs(Trial& t) {
  Known known(t);
  const auto outcome = [&] { return thrown_by([&] { t.adapter().finder.ensure_running(); }); };
  const auto before = outcome();
  std::exception_ptr inside;
  std::exception_ptr in_thread;
  t.run([&](AsyncBackend& backend) -> Coro<> {
    co_await backend.sleep(10ms);
    inside = outcome();
    std::thread([&] { in_thread = outcome(); }).join();
  });
  const auto after = outcome();
  t.witness("calls where no backend runs", 3);
  t.expect_failure<UsageError>("before", before);
  t.expect_no_failure("inside", inside);
  t.expect_failure<UsageError>("other-thread", in_thread);
  t.expect_failure<UsageError>("after", after);
}

void a_choice_is_not_overridden(Trial& t) {
  Known known(t);
  const auto other = t.make_backend();
  const BackendFinder& finder = t.adapter().finder;
  const auto check = [&](std::string_view object_key, std::string_view name_key) {
    std::shared_ptr<AsyncBackend> by_object;
    std::shared_ptr<AsyncBackend> by_name;
    const auto object_failure = thrown_by([&] { by_object = finder.ensure_object(*other); });
    const auto name_failure = thrown_by([&] { by_name = finder.ensure_named(known.name); });
    t.expect(by_object.get() == other.get(), object_key, "the object that was given",
             object_failure ? describe(object_failure) : "another one");
    t.expect(by_name != nullptr && by_name.get() != &t.backend(), name_key, "a new backend of that name",
             name_failure ? describe(name_failure) : "the running one");
  };
  check("object-outside", "name-outside");
  t.run([&](AsyncBackend& backend) -> Coro<> {
    co_await backend.sleep(10ms);
    t.witness("explicit choices inside a run", 2);
    check("object-inside", "name-inside");
  });
}

// ---- backend() ------------------------------------------------------------------------------------------------------

void objects_name_the_backend_that_made_them(Trial& t) {
  const auto other = t.make_backend();
  const auto check = [&](std::string_view key, const auto& object, const AsyncBackend& maker) {
    t.witness("objects asked");
    t.expect_true(key, &object.backend() == &maker);
  };
  const auto failure = t.run([&](AsyncBackend& backend) -> Coro<> {
    auto group = backend.create_task_group();
    check("scope", backend.open_cancel_scope(), backend);
    check("move-on-after", backend.move_on_after(1s), backend);
    check("move-on-at", backend.move_on_at(never), backend);
    check("timeout", backend.timeout(1s), backend);
    check("timeout-at", backend.timeout_at(never), backend);
    check("group", group, backend);
    check("lock", backend.create_lock(), backend);
    check("fair-lock", backend.create_fair_lock(), backend);
    check("event", backend.create_event(), backend);
    check("condition", backend.create_condition_var(), backend);
    check("portal", backend.create_threads_portal(), backend);
    // A scope may be made anywhere (Scope039), so also while another backend runs.
    check("scope-of-another", other->open_cancel_scope(), *other);
    co_await group.run([&](TaskGroup& tasks) -> Coro<> {
      const auto task = co_await tasks.start([&]() -> Coro<> { co_await backend.sleep(10ms); });
      check("task", task, backend);
    });
  });
  t.expect_no_failure("failed", failure);
}

}  // namespace

ClauseTests util_tests() {
  return {
      {clause::Util001, "AKnownNameGivesANewBackend", a_known_name_gives_a_new_backend},
      {clause::Util002, "AnUnknownNameIsRefused", an_unknown_name_is_refused},
      {clause::Util003, "AMissingLibraryIsToldWithItsReason", a_missing_library_is_told_with_its_reason},
      {clause::Util004, "AGivenBackendIsTheAnswer", a_given_backend_is_the_answer},
      {clause::Util005, "ANameGivesANewBackendEachTime", a_name_gives_a_new_backend_each_time},
      {clause::Util006, "NothingGivesTheRunningBackend", nothing_gives_the_running_backend},
      {clause::Util008, "NothingIsRefusedWhereNoBackendRuns", nothing_is_refused_where_no_backend_runs},
      {clause::Util010, "AChoiceIsNotOverridden", a_choice_is_not_overridden},
      {clause::Util011, "ObjectsNameTheBackendThatMadeThem", objects_name_the_backend_that_made_them},
  };
}

}  // namespace concert::conformance
