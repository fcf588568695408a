// SPDX-License-Identifier: Apache-2.0
// The run that an object of the model was made in, the only place where it can be used.
#pragma once

#include <cstdint>
#include <string_view>

#include "run.hpp"

namespace concert::model {

class Home {
 public:
  /// Errors: UsageError that names `operation` without a running loop, or in one of another backend.
  Home(AsyncBackend& backend, std::string_view operation);

  AsyncBackend& backend() const noexcept { return backend_; }
  const ModelOptions& options() const noexcept { return options_; }
  /// True on the thread of the run, while it goes on.
  bool is_here() const noexcept { return Run::here() != nullptr && Run::here()->number == run_number_; }
  /// True if both were made in the same run.
  bool is_of_the_run_of(const Home& other) const noexcept { return run_number_ == other.run_number_; }
  bool broken(std::string_view mutant) const noexcept { return !options_.mutant.empty() && options_.mutant == mutant; }

  /// The run, on its own thread. Errors: UsageError that names `operation` elsewhere.
  Run& require(std::string_view operation) const;
  /// The same inside a task.
  Run& require_task(std::string_view operation) const;

 private:
  AsyncBackend& backend_;
  const ModelOptions& options_;
  // A number, since a later run may have the same address.
  std::uint64_t run_number_;
};

}  // namespace concert::model
