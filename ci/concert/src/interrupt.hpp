// SPDX-License-Identifier: Apache-2.0
// Ctrl-C: the tests are killed, what was found is kept; a second one ends the command at once.
#pragma once

namespace concert::command {

/// Catches SIGINT and SIGTERM from the first call on. The descriptor becomes readable when one arrives.
/// Threads: any.
int interruption();

}  // namespace concert::command
