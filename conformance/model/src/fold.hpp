// SPDX-License-Identifier: Apache-2.0
// Fingerprints of states.
#pragma once

#include <cstdint>

namespace concert::model {

/// A fingerprint of what `hash` stands for, followed by `value`.
constexpr std::uint64_t fold(std::uint64_t hash, std::uint64_t value) noexcept {
  hash = (hash ^ value) * 0x9e3779b97f4a7c15U;
  return hash ^ (hash >> 29U);
}

}  // namespace concert::model
