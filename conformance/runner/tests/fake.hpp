// SPDX-License-Identifier: Apache-2.0
// The fake certifier as the tests use it.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>

namespace concert::runner {

inline const std::filesystem::path fake_certifier = CONCERT_FAKE_CERTIFIER;

/// A variable of the environment, for the length of a test.
class WithVariable {
 public:
  WithVariable(std::string name, const std::string& value) : name_(std::move(name)) {
    ::setenv(name_.c_str(), value.c_str(), 1);
  }
  WithVariable(const WithVariable&) = delete;
  WithVariable& operator=(const WithVariable&) = delete;
  ~WithVariable() { ::unsetenv(name_.c_str()); }

 private:
  std::string name_;
};

/// The message of the E that `action` throws; "no error" if it throws none.
template <class E, class Action>
std::string message_of(Action action) {
  try {
    action();
  } catch (const E& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace concert::runner
