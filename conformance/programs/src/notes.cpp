// SPDX-License-Identifier: Apache-2.0
#include "concert/programs/notes.hpp"

#include <algorithm>
#include <utility>

#include "concert/harness/log.hpp"
#include "concert/harness/trial.hpp"
#include "concert/programs/ending.hpp"
#include "concert/programs/interpreter.hpp"

namespace concert::programs {

namespace {

std::string answer_text(int statement, std::int64_t bits) {
  return "#" + std::to_string(statement) + " answers " + std::to_string(bits);
}

std::string accepted_text(int statement) { return "#" + std::to_string(statement) + " was accepted"; }

/// The text asks nothing else: a time is no answer, and what a deadline was set to is the interpreter's to know.
bool is_noted(Question question) { return question != Question::time && question != Question::deadlines; }

/// The statements of one kind: true at their numbers.
void mark(const std::vector<Statement>& statements, Op op, std::vector<int>& arguments) {
  for (const Statement& statement : statements) {
    if (statement.op == op) arguments[static_cast<std::size_t>(statement.number)] = statement.a;
    mark(statement.body, op, arguments);
  }
}

/// For each statement of this kind its argument, -1 for others.
std::vector<int> arguments_of(const Program& program, Op op) {
  std::vector<int> arguments(size(program), -1);
  mark(program.statements, op, arguments);
  return arguments;
}

}  // namespace

void Notes::answer(int task, int statement, std::initializer_list<bool> bits) {
  std::int64_t all = 0;
  int place = 0;
  for (const bool bit : bits) all |= std::int64_t{bit} << place++;
  tasks_[task].push_back(answer_text(statement, all));
}

void Notes::accepted(int task, int statement) { tasks_[task].push_back(accepted_text(statement)); }

void Notes::ended(int task, const std::exception_ptr& failure, std::int64_t value) {
  Ending ending = describe_ending(failure);
  if (!failure) ending.value = value;
  tasks_[task].push_back(
      result_text({What::task_ended, task, -1, ending.result, ending.value, std::move(ending.leaves), 0}));
}

TaskNotes noted_run(const conformance::BackendAdapter& backend, const conformance::Schedule& schedule,
                    const std::function<Coro<std::int64_t>(AsyncBackend&, Notes&)>& program) {
  Notes notes;
  conformance::Trial trial(backend, schedule);
  trial.run([&](AsyncBackend& running) -> Coro<> {
    const auto main_task = notes.watch(0, [&] { return program(running, notes); });
    auto scope = running.move_on_after(watchdog * half_tick_length);
    const std::exception_ptr in_the_notes = co_await conformance::outcome_of(scope.run(main_task));
  });
  return notes.tasks();
}

TaskNotes notes_of(const Program& program, const std::vector<Record>& trace) {
  const std::vector<int> questions = arguments_of(program, Op::ask);
  const std::vector<int> misuses = arguments_of(program, Op::misuse);
  TaskNotes tasks;
  for (const Record& record : trace) {
    const auto statement = static_cast<std::size_t>(record.statement);
    if (record.what == What::task_ended) {
      tasks[record.task].push_back(result_text(record));
    } else if (record.what == What::answer && is_noted(static_cast<Question>(questions[statement]))) {
      tasks[record.task].push_back(answer_text(record.statement, record.value));
    } else if (record.what == What::act && misuses[statement] >= 0 && record.result == Result::value) {
      tasks[record.task].push_back(accepted_text(record.statement));
    }
  }
  return tasks;
}

bool is_one_of(const TaskNotes& tasks, const std::vector<TaskNotes>& allowed) {
  return std::ranges::find(allowed, tasks) != allowed.end();
}

std::string to_text(const TaskNotes& tasks) {
  std::string text;
  for (const auto& [task, words] : tasks) {
    text += "task " + std::to_string(task) + ":";
    for (const std::string& word : words) text += (word == words.front() ? " " : "; ") + word;
    text += "\n";
  }
  return text;
}

}  // namespace concert::programs
