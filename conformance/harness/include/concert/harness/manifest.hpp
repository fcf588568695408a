// SPDX-License-Identifier: Apache-2.0
// What a backend says of itself before the run: it decides which clauses apply, and the suite checks that it is true.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>

namespace concert::conformance {

/// The declarations of one backend.
struct Manifest {
  /// What the backend is built on, with its version: "Boost.Asio 1.81.0".
  std::string version;
  /// Optional parts that are there; a clause that needs another one is reported as unsupported.
  std::set<std::string, std::less<>> features;
  /// For each freedom that the clauses leave (the *Trait* lines of the pages): the choice taken.
  std::map<std::string, std::string, std::less<>> traits;
  /// False if the loop does not wait in epoll or does not read CLOCK_MONOTONIC, so that virtual time cannot drive it.
  bool virtual_time = true;

  /// The declared value. Errors: std::out_of_range that names the trait if it is not declared.
  const std::string& trait(std::string_view name) const;
};

/// Checks the traits against the clause pages. Errors: std::invalid_argument that lists what is missing, unknown or has
/// a value that its clause does not allow.
void check_manifest(const std::string& backend, const Manifest& manifest);

}  // namespace concert::conformance
