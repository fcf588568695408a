// SPDX-License-Identifier: Apache-2.0
// Two made-up result files that hold every verdict.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "concert/clause.hpp"
#include "concert/runner/results.hpp"

namespace concert::reports {

/// The clauses that the sample speaks of; some of its clauses are missing here on purpose.
std::span<const Clause> sample_clauses();

/// asio: certified. uv: a failure, a crash, a hang, an inconclusive one, and every kind of skip.
/// `text` is applied to every free text, so that a test can make all of them hostile.
std::vector<results::ResultFile> sample_files(const std::function<std::string(std::string)>& text = std::identity{});

}  // namespace concert::reports
