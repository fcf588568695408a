// SPDX-License-Identifier: Apache-2.0
// Programs written by hand.
#pragma once

#include <utility>
#include <vector>

#include "concert/programs/program.hpp"

namespace concert::programs {

/// Writes a program in the order of its text, so that the number of an object is known as soon as it begins.
class Writer {
 public:
  void add(Op op, int a = 0, int b = 0) { push(op, a, b); }

  /// Returns the number of the task, scope, group or portal, if it is one.
  template <class Inside>
  int block(Op op, int a, int b, const Inside& inside) {
    std::vector<Statement>& outer = *list_;
    Statement& statement = push(op, a, b);
    const int number = statement.object;
    list_ = &statement.body;
    inside();
    list_ = &outer;
    return number;
  }
  template <class Inside>
  int block(Op op, const Inside& inside) {
    return block(op, 0, 0, inside);
  }

  Program take() { return std::move(program_); }
  /// The number that the next task or scope will have.
  int next_task() const { return program_.tasks; }
  int next_scope() const { return program_.scopes; }

 private:
  Statement& push(Op op, int a, int b) {
    Statement statement;
    statement.op = op;
    statement.a = a;
    statement.b = b;
    statement.number = next_number_++;
    if (makes_task(op)) statement.object = program_.tasks++;
    if (op == Op::scope) statement.object = program_.scopes++;
    if (op == Op::group) statement.object = program_.groups++;
    if (op == Op::portal) statement.object = program_.portals++;
    return list_->emplace_back(std::move(statement));
  }

  Program program_;
  std::vector<Statement>* list_ = &program_.statements;
  int next_number_ = 0;
};

}  // namespace concert::programs
