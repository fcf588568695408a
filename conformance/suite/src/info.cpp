// SPDX-License-Identifier: Apache-2.0
// Tests of spec/clauses/task.md, the family Info.
#include <algorithm>
#include <set>
#include <thread>

#include "concert/harness/for_all.hpp"
#include "concert/suite/suite.hpp"

namespace concert::conformance {

namespace {

using namespace std::chrono_literals;

std::string printed(const TaskInfo& info) { return to_string(info); }

void the_current_task_is_the_running_one(Trial& t) {
  // For each task, how many rounds of waits it makes.
  const auto rounds = rc::gen::container<std::vector<int>>(rc::gen::inRange(1, 4));
  for_all<std::vector<int>>(t, "rounds", rounds, [](Trial& trial, const auto& tasks_to_start) {
    std::vector<std::vector<TaskInfo>> seen(tasks_to_start.size() + 1);
    const auto failure = trial.run([&](AsyncBackend& backend) -> Coro<> {
      auto in_callee = [&](std::size_t who) -> Coro<> {
        seen[who].push_back(backend.get_current_task());
        co_await backend.sleep(10ms);
        seen[who].push_back(backend.get_current_task());
      };
      auto ask = [&](std::size_t who, int times) -> Coro<> {
        for (int i = 0; i < times; ++i) {
          seen[who].push_back(backend.get_current_task());
          co_await in_callee(who);
          auto scope = backend.open_cancel_scope();
          auto callee = [&] { return in_callee(who); };
          co_await scope.run(callee);
          co_await backend.ignore_cancellation(in_callee(who));
          seen[who].push_back(backend.get_current_task());
        }
      };
      auto group = backend.create_task_group();
      co_await group.run([&](TaskGroup& tasks) -> Coro<> {
        for (std::size_t i = 0; i < tasks_to_start.size(); ++i) tasks.start_soon(ask, i, tasks_to_start[i]);
        co_await ask(tasks_to_start.size(), 2);
      });
    });
    std::set<std::uint64_t> owners;
    for (const auto& answers : seen) {
      trial.witness("tasks that ask while others run", tasks_to_start.size());
      for (const TaskInfo& answer : answers) {
        trial.expect_equal("same-answer", printed(answers.front()), printed(answer));
      }
      if (!answers.empty()) owners.insert(answers.front().id);
    }
    trial.expect_equal("own-answer", seen.size(), owners.size());
    trial.expect_no_failure("program", failure);
  });
}

void ids_of_living_tasks_differ(Trial& t) {
  // Groups inside each other, each with so many children beside the task that opens the next one.
  const auto sizes = rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 12));
  for_all<std::vector<int>>(t, "sizes", sizes, [](Trial& trial, const auto& groups) {
    std::vector<std::uint64_t> ids;
    std::size_t alive = 0;
    std::size_t most_alive = 0;
    const auto failure = trial.run([&](AsyncBackend& backend) -> Coro<> {
      const auto live = [&]() -> Coro<> {
        ids.push_back(backend.get_current_task().id);
        most_alive = std::max(most_alive, ++alive);
        co_await backend.sleep(1s);
        --alive;
      };
      std::function<Coro<>(std::size_t)> nest = [&](std::size_t level) -> Coro<> {
        if (level == groups.size()) {
          co_await live();
          co_return;
        }
        auto group = backend.create_task_group();
        co_await group.run([&](TaskGroup& tasks) -> Coro<> {
          for (int i = 0; i < groups[level]; ++i) tasks.start_soon(live);
          tasks.start_soon(nest, level + 1);
          co_await live();
        });
      };
      co_await nest(0);
    });
    trial.witness("tasks alive at one time", most_alive);
    trial.expect_equal("all-alive", ids.size(), most_alive);
    const std::set<std::uint64_t> distinct(ids.begin(), ids.end());
    trial.expect_equal("distinct", ids.size(), distinct.size());
    trial.expect_no_failure("program", failure);
  });
}

/// Two tasks with this name; what they and their handles say.
void expect_name_kept(Trial& t, const std::string& name) {
  std::vector<std::string> inside;
  std::vector<std::string> from_handle;
  const auto failure = t.run([&](AsyncBackend& backend) -> Coro<> {
    auto work = [&]() -> Coro<> {
      co_await backend.sleep(10ms);
      inside.push_back(backend.get_current_task().name);
    };
    auto group = backend.create_task_group();
    co_await group.run([&](TaskGroup& tasks) -> Coro<> {
      const TaskName given(name);
      tasks.start_soon(given, work);
      const auto task = co_await tasks.start(given, work);
      t.witness("named tasks", 2);
      from_handle.push_back(task.info().name);
      co_await task.wait();
      from_handle.push_back(task.info().name);
    });
  });
  const std::vector<std::string> expected(2, name);
  t.expect_equal("inside", expected, inside);
  t.expect_equal("handle", expected, from_handle);
  t.expect_no_failure("program", failure);
}

void a_name_is_kept_byte_for_byte(Trial& t) {
  using namespace std::string_literals;
  for (const std::string& name : {" "s, " blanks around "s, "\t\n"s, "naïve 東京 \U0001F3BC"s, "with\0zero"s,
                                  "\xff\xfe"s, std::string(5000, 'n')}) {
    expect_name_kept(t, name);
  }
  for_all<std::string>(t, "name", rc::gen::nonEmpty(rc::gen::string<std::string>()), expect_name_kept);
}

void a_task_and_its_handle_agree(Trial& t) {
  for (const std::string& name : {std::string(), std::string("worker")}) {
    std::vector<TaskInfo> inside;
    std::vector<TaskInfo> from_handle;
    const auto failure = t.run([&](AsyncBackend& backend) -> Coro<> {
      auto work = [&]() -> Coro<> {
        inside.push_back(backend.get_current_task());
        co_await backend.sleep(100ms);
        inside.push_back(backend.get_current_task());
      };
      std::optional<Task<void>> task;
      auto group = backend.create_task_group();
      co_await group.run([&](TaskGroup& tasks) -> Coro<> {
        if (name.empty()) {
          task = co_await tasks.start(work);
        } else {
          const TaskName given(name);
          task = co_await tasks.start(given, work);
        }
        from_handle.push_back(task->info());
      });
      from_handle.push_back(task->info());
    });
    t.witness("views of one task", std::min(inside.size(), from_handle.size()));
    for (const TaskInfo& own : inside) {
      for (const TaskInfo& other : from_handle) {
        t.expect_equal("id", other.id, own.id);
        t.expect_equal("name", other.name, own.name);
      }
    }
    t.expect_no_failure("program", failure);
  }
}

void there_is_a_default_name(Trial& t) {
  std::map<std::string, std::string> names;
  const auto failure = t.run([&](AsyncBackend& backend) -> Coro<> {
    auto ask = [&](const std::string& how) -> Coro<> {
      names[how] = backend.get_current_task().name;
      co_await backend.sleep(10ms);
    };
    const std::string main_task = "main";
    const std::string gathered = "gather";
    co_await ask(main_task);
    auto group = backend.create_task_group();
    co_await group.run([&](TaskGroup& tasks) -> Coro<> {
      tasks.start_soon(ask, std::string("start_soon"));
      const std::string started = "start";
      co_await tasks.start(ask, started);
    });
    co_await backend.gather(ask(gathered));
  });
  t.witness("tasks without a given name", names.size());
  t.expect_equal("tasks", std::size_t{4}, names.size());
  for (const auto& [how, name] : names) t.expect_false(how, name.empty());
  t.expect_no_failure("program", failure);
}

/// What get_current_task() throws here.
std::exception_ptr asking_fails(AsyncBackend& backend) {
  try {
    backend.get_current_task();
  } catch (...) {
    return std::current_exception();
  }
  return nullptr;
}

void no_current_task_outside(Trial& t) {
  std::exception_ptr other_thread;
  const auto before = asking_fails(t.backend());
  const auto failure = t.run([&](AsyncBackend& backend) -> Coro<> {
    co_await backend.sleep(10ms);
    std::thread stranger([&] { other_thread = asking_fails(backend); });
    stranger.join();
    t.witness("asked on a second thread during a run");
    co_await backend.sleep(10ms);
  });
  const auto after = asking_fails(t.backend());
  t.witness("asked outside a run", 2);
  t.expect_failure<UsageError>("before", before);
  t.expect_failure<UsageError>("other-thread", other_thread);
  t.expect_failure<UsageError>("after", after);
  t.expect_no_failure("program", failure);
}

}  // namespace

ClauseTests info_tests() {
  return {
      {clause::Info001, "TheCurrentTaskIsTheRunningOne", the_current_task_is_the_running_one},
      {clause::Info002, "IdsOfLivingTasksDiffer", ids_of_living_tasks_differ},
      {clause::Info003, "ANameIsKeptByteForByte", a_name_is_kept_byte_for_byte},
      {clause::Info007, "ATaskAndItsHandleAgree", a_task_and_its_handle_agree},
      {clause::Info008, "ThereIsADefaultName", there_is_a_default_name},
      {clause::Info009, "NoCurrentTaskOutside", no_current_task_outside},
  };
}

}  // namespace concert::conformance
