// SPDX-License-Identifier: Apache-2.0
// The rules that make every program end on every conforming backend, whatever its schedule.
#pragma once

#include <string>
#include <vector>

#include "concert/programs/program.hpp"

namespace concert::programs {

// V1  A program has no loops: each scope, group and task is entered at most once.
// V2  A wait that nobody may ever satisfy stands where it can be cancelled; the interpreter runs everything inside a
//     watchdog scope.
// V3  Inside a shield there are only waits that end by themselves: yields, sleeps, scopes and groups of those.
// V4  A task never acquires a lock that it holds already (one that a task around it holds is a wait that cancellation
//     ends); a condition is waited for and notified only with its lock held by the same task.
// V5  join_or_cancel goes to tasks that come later in the program (so that no two wait for each other), and never
//     happens under a held lock: the cancelled task may have to take that lock again for its condition.
// V6  No condition is waited for in a task that lives inside a held lock of another task, whichever lock that is: who
//     holds it may be waiting, uninterruptibly, for the end of that task's group, and the condition's lock may be held
//     by another one that waits likewise. Two such pairs, each inside the other's lock, wait for each other.
// V7  wait and join never go to the task itself or to one around it.
// V8  A thread only yields, sleeps, makes calls, asks their futures, ends; a function that it calls does only what
//     cannot wait. So that threads end: a coroutine that it calls, and tasks inside, wait only for what a cancellation
//     ends, which the watchdog brings them, because no portal stands in a shield: no run_in_thread, portal,
//     join_or_cancel, condition_wait.
//
// V5 and V6 are facts about the interface: nobody could end such a wait. TaskGroup and Task::join_or_cancel say so.

/// What in the program breaks a rule, each as "#7 join_or_cancel: V5: ..."; empty for a valid program. What `settle`
/// returns is valid.
std::vector<std::string> violations(const Program& program);

}  // namespace concert::programs
