// SPDX-License-Identifier: Apache-2.0
// Draws programs: the same seed gives the same program on every machine.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "concert/programs/program.hpp"

namespace concert::programs {

/// What a program is mostly about. `threads` is drawn once in twenty times, because real threads cost more; else each
/// of the first five once in seven times, `mix` twice.
enum class Profile : std::uint8_t { lock, condition, event, scopes, tasks, mix, threads };

/// Which instants may coincide.
enum class TimeMode : std::uint8_t {
  tie,    ///< all times are whole ticks, so that deadlines, sleeps and cancels meet
  phase,  ///< deadlines lie half a tick beside sleeps, so that they do not meet as long as none has fired
};

/// What a caller fixes; the seed decides the rest.
struct GeneratorOptions {
  std::optional<Profile> profile{};
  std::optional<TimeMode> time_mode{};
  /// 0 to 100: about 4 to 44 statements before patches. Independent of earlier programs, so that shards are alike.
  std::optional<int> size{};
  /// Now and then something that must be refused.
  bool with_misuse = true;

  friend bool operator==(const GeneratorOptions&, const GeneratorOptions&) = default;
};

/// Raise it whenever a seed comes to mean another program, or else replay tokens lie.
inline constexpr int program_generator_version = 3;

/// The settled program of the seed, in normal form: (a scope around) a group with two to six tasks and a body.
/// Errors: std::invalid_argument for a size outside 0 to 100.
Program generate(std::uint64_t seed, const GeneratorOptions& options = {});

/// The profile and the time mode that `generate` draws for the seed: labels of the statistics.
struct Drawn {
  Profile profile = Profile::mix;
  TimeMode time_mode = TimeMode::tie;

  friend bool operator==(const Drawn&, const Drawn&) = default;
};
Drawn drawn(std::uint64_t seed, const GeneratorOptions& options = {});

std::string_view to_string(Profile profile) noexcept;
std::string_view to_string(TimeMode mode) noexcept;

}  // namespace concert::programs
