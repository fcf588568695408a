// SPDX-License-Identifier: Apache-2.0
// What Lock001 to Lock011 and Lock015 promise, as programs over any kind of lock (lock.cpp): fair locks and conditions
// must keep it too.
#pragma once

#include "lock_program.hpp"

namespace concert::conformance {

void a_new_lock_is_free(Trial& t, MakeLock make);
void a_lock_is_refused_outside_its_loop(Trial& t, MakeLock make);
void one_task_at_a_time(Trial& t, MakeLock make);
void blocks_hold_and_release(Trial& t, MakeLock make);
void acquire_waits_for_the_release(Trial& t, MakeLock make);
void one_goes_on_for_each_release(Trial& t, MakeLock make);
void nothing_runs_inside_release(Trial& t, MakeLock make);
void a_free_lock_cannot_be_released(Trial& t, MakeLock make);
void only_the_owner_releases(Trial& t, MakeLock make);
void locked_tells_whether_it_is_held(Trial& t, MakeLock make);
void a_cancelled_acquire_takes_nothing(Trial& t, MakeLock make);
void nobody_overtakes_those_who_wait(Trial& t, MakeLock make);

}  // namespace concert::conformance
