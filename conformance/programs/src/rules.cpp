// SPDX-License-Identifier: Apache-2.0
#include "concert/programs/rules.hpp"

namespace concert::programs {

const std::vector<Rule>& all_rules() {
  static const std::vector<Rule> rules = {
      // Cancellation.
      {"CAN-1",
       "a wait ends with Cancelled only if something around it may be cancelled",
       {"Cancel011", "Cancel012", "Shield003", "Timeout010", "Scope028", "Group025", "Group026", "Task013"}},
      {"CAN-2",
       "a checkpoint that begins under a cancellation ends with Cancelled",
       {"Yield001", "Cancel005", "Cancel007", "Cancel008", "Cancel009", "Scope017", "Group029", "Group037"}},
      {"CAN-3", "a cancellation ends a wait in time", {"Cancel006", "Scope003", "Task003", "Group017", "Sleep011"}},
      {"CAN-4",
       "a task that was interrupted before is interrupted again, as long as the cancellation lasts",
       {"Cancel007", "Cancel008", "Cancel009", "Scope033", "Group037"}},
      {"YLD-1", "a yield that is cancelled lets ready tasks go first", {"Yield008"}},
      // Scopes.
      {"SCP-1",
       "a scope absorbs its own cancellation, unless one from further out is visible, and lets all else pass",
       {"Scope010", "Scope029", "Scope030", "Scope031", "Scope034", "Cancel010", "Cancel016"}},
      {"SCP-2",
       "a scope knows whether it was cancelled, and whether it has caught that",
       {"Scope006", "Scope008", "Scope009", "Scope005", "Scope025"}},
      {"SCP-3",
       "a timeout is raised for a cancellation that its scope absorbs, and for nothing else",
       {"Timeout007", "Timeout008", "Timeout011", "Timeout012", "Timeout013", "Timeout014", "Timeout015",
        "Timeout023"}},
      {"DL-1", "a scope is not cancelled by its deadline before that", {"Scope007", "Timeout010"}},
      {"DL-2", "a deadline is acted on in time", {"Timeout003", "Timeout024", "Scope007"}},
      {"DL-3", "the deadline that was set last is the one acted on", {"Scope012", "Timeout005"}},
      {"DL-4",
       "a deadline that is set in the past cancels at the first checkpoint",
       {"Scope019", "Scope026", "Timeout019"}},
      {"DL-5", "a deadline reads back as it was set", {"Scope011", "Scope014", "Scope018", "Scope040"}},
      {"SHD-1", "what its body ends with leaves a shield unchanged", {"Shield001", "Shield002", "Shield009"}},
      // Time.
      {"SLP-1", "a sleep is never too short", {"Clock001", "Clock006", "Sleep001", "Sleep005", "Sleep007"}},
      {"SLP-2", "a sleep ends in time", {"Sleep001", "Sleep002", "Sleep007", "Sleep008", "Sleep012"}},
      {"CLK-1", "the clock never goes back", {"Clock003"}},
      // Locks, events, conditions.
      {"LCK-1", "a lock has one holder", {"Lock003", "Cond012", "Cond013", "Cond014"}},
      {"LCK-2", "a fair lock is granted in the order of asking", {"Fair001", "Fair002", "Fair005"}},
      {"LCK-3", "a lock is locked exactly while somebody holds it", {"Lock010", "Lock011"}},
      {"LCK-4", "a lock that is free goes to a task that waits, in time", {"Lock006", "Lock011", "Fair006", "Cond012"}},
      {"LCK-5", "a released lock goes to a task that waits, not to one that asks later", {"Lock015"}},
      {"EVT-1", "a wait for an event ends once it is set", {"Event002"}},
      {"EVT-2", "an event that is set says so, and no other does", {"Event006", "Event009"}},
      {"EVT-3", "a set event wakes all who wait, in time", {"Event003", "Event004", "Event005", "Event011"}},
      {"CND-1", "no more tasks wake than were notified", {"Cond006", "Cond007", "Cond009"}},
      {"CND-2", "a notification wakes a task in time, and is not lost", {"Cond006", "Cond008", "Cond015"}},
      {"CND-3", "a notification goes to the task that has waited longest", {"Cond007"}},
      // Groups and gathers.
      {"GRP-1", "a group is left when all its tasks have ended", {"Group002", "Group018", "Group033"}},
      {"GRP-2", "a group without failures ends as its body did", {"Group020", "Group036"}},
      {"GRP-3", "a group reports each failure of its tasks once", {"Group016", "Group019", "Group021", "Group024"}},
      {"GRP-4", "a group is left in time once its body and all its tasks have ended", {"Group002"}},
      {"GRP-5",
       "a group without failures ends with Cancelled exactly if it was interrupted from outside",
       {"Group022", "Group023", "Group025", "Group032"}},
      {"GRP-6", "start returns when its task has begun, in time", {"Group011", "Group012", "Group013"}},
      {"GRP-7", "a group takes tasks until its last one has ended", {"Group003", "Group004"}},
      {"GAT-1", "a gather gives the values of its branches in order", {"Gather002"}},
      {"GAT-2",
       "a gather reports each failure of its branches once, and a cancellation only from outside",
       {"Gather003", "Gather007", "Gather008", "Gather009", "Gather014"}},
      {"GAT-3", "a gather ends with its last branch, in time and not before", {"Gather010", "Gather011"}},
      // Tasks.
      {"TSK-1", "a wait for a task ends when it has ended", {"Task002", "Task012", "Task014", "Task020"}},
      {"TSK-2", "cancel tells whether the task was still there", {"Task004", "Task005"}},
      {"TSK-3", "a task is itself in every step", {"Info001", "Shield005"}},
      {"TSK-4", "every task that was spawned begins and ends", {"Group009", "Group029"}},
      {"TSK-5", "the end of a task wakes all who wait for it, in time", {"Task029"}},
      {"TSK-6", "a task begins in time", {"Group011", "Group029", "Gather011"}},
      {"TSK-7",
       "a join gives the outcome of its task",
       {"Task012", "Task014", "Task015", "Task016", "Task018", "Task021", "Task022", "Task024"}},
      {"TSK-8", "join_or_cancel hands a cancellation on to its task, in time", {"Task019"}},
      {"TSK-9",
       "a task is cancelled exactly if it let a cancellation of its own leave it",
       {"Task008", "Task009", "Task010", "Task011"}},
      // Everything.
      {"MIS-1",
       "a misuse is refused",
       {"Lock008", "Lock009", "Cond010", "Cond011", "Scope021", "Group006", "Group007"}},
      {"RES-1", "nothing ends with an exception of another kind", {}},
      {"SYS-1", "time does not move on while a task can run", {"Yield002", "Yield004", "Yield007"}},
      {"SYS-4",
       "what does not wait lets no other task run",
       {"Cancel003", "Event008", "Fair004", "Group009", "Lock007", "Shield015", "Task024"}},
      {"SYS-2", "the run ends by itself, and without an exception", {"Run001", "Run013"}},
      {"SYS-3", "a loop in which nothing happens rests", {"Scope043"}},
  };
  return rules;
}

}  // namespace concert::programs
