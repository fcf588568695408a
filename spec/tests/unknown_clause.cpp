// SPDX-License-Identifier: Apache-2.0
// Must not compile with either macro: one name is retired, one never was a clause. The third is one, and compiles.
#include "concert/clauses.hpp"

#if defined(CONCERT_RETIRED)
const concert::Clause& named = concert::clause::Shield011;
#elif defined(CONCERT_UNKNOWN)
const concert::Clause& named = concert::clause::Yield999;
#else
const concert::Clause& named = concert::clause::Yield001;
#endif
