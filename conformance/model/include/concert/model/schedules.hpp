// SPDX-License-Identifier: Apache-2.0
// Ways to make the choices of a run of the model.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "concert/model/model_backend.hpp"

namespace concert::model {

/// One schedule of the model. A run is a function of what it runs and of this.
struct Strategy {
  enum class Kind : std::uint8_t {
    fifo,    ///< always the first choice
    lifo,    ///< always the last one
    random,  ///< any, by `seed`
    pct,     ///< each task has a priority, the highest one runs; it falls behind all others at `depth` - 1 moments, all
             ///< by `seed`: finds what needs `depth` facts in one order with a known probability (Burckhardt 2010)
    replay,  ///< `choices`, then the first one
  };
  Kind kind = Kind::fifo;
  std::uint64_t seed = 0;
  int depth = 2;
  std::vector<std::size_t> choices{};

  friend bool operator==(const Strategy&, const Strategy&) = default;
};

/// The strategy that an order seed stands for: 0 for fifo; of all others five in eight for random, two for pct, half of
/// it of depth 3, one for lifo.
Strategy strategy_of(std::uint64_t order_seed);

/// A pick for one run.
Pick pick_for(const Strategy& strategy);
/// The same, which notes what it chose: Strategy::Kind::replay with `made` repeats the run exactly.
Pick recording(Pick pick, std::shared_ptr<std::vector<std::size_t>> made);

/// "fifo", "lifo", "random 7", "pct 7 depth 3", "replay 0.2.1".
std::string to_string(const Strategy& strategy);
/// The strategy of a text that to_string made. Errors: std::invalid_argument that says what was expected.
Strategy strategy_from(std::string_view text);

}  // namespace concert::model
