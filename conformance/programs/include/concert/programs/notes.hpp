// SPDX-License-Identifier: Apache-2.0
// What the tasks of a program say of themselves: for programs that stand as C++ text, which write no trace.
#pragma once

#include <cstdint>
#include <exception>
#include <functional>
#include <initializer_list>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "concert/backend.hpp"
#include "concert/harness/backend_adapter.hpp"
#include "concert/programs/program.hpp"
#include "concert/programs/trace.hpp"

namespace concert::programs {

/// For each task that began (0 is the main one): the answers to its questions, and how it ended, as words.
using TaskNotes = std::map<int, std::vector<std::string>>;

/// Takes the notes of one run.
class Notes {
 public:
  /// `ask`: a bit for each thing asked about, in the order of their numbers.
  void answer(int task, int statement, std::initializer_list<bool> bits);
  /// `misuse`: it was not refused.
  void accepted(int task, int statement);

  /// The body of a task, so that its end is noted.
  template <class Body>
  auto watch(int task, Body body) {
    return [this, task, body = std::move(body)] { return watched(*this, task, body); };
  }

  const TaskNotes& tasks() const noexcept { return tasks_; }

 private:
  // The body is a copy in the frame: it outlives the coroutine that it makes.
  template <class Body>
  static Coro<std::int64_t> watched(Notes& notes, int task, Body body) {
    std::int64_t value = 0;
    std::exception_ptr failure;
    try {
      value = co_await body();
    } catch (...) {
      failure = std::current_exception();
    }
    notes.ended(task, failure, value);
    if (failure) std::rethrow_exception(std::move(failure));
    co_return value;
  }
  void ended(int task, const std::exception_ptr& failure, std::int64_t value);

  TaskNotes tasks_;
};

/// Runs a program that stands as C++ text on a fresh backend, under the schedule and under the watchdog of all
/// programs.
TaskNotes noted_run(const conformance::BackendAdapter& backend, const conformance::Schedule& schedule,
                    const std::function<Coro<std::int64_t>(AsyncBackend&, Notes&)>& program);

/// The notes that the text of the program takes in the run whose trace this is.
TaskNotes notes_of(const Program& program, const std::vector<Record>& trace);

/// True if `allowed` holds these notes.
bool is_one_of(const TaskNotes& tasks, const std::vector<TaskNotes>& allowed);

/// A line for each task: "task 1: #7 locks 5; error 3".
std::string to_text(const TaskNotes& tasks);

}  // namespace concert::programs
