// SPDX-License-Identifier: Apache-2.0
// Texts that must equal a file under golden/.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

namespace concert::reports {

/// With CONCERT_UPDATE_GOLDEN in the environment it writes the file instead.
inline void expect_golden(const std::string& name, const std::string& text) {
  const std::string path = std::string(CONCERT_GOLDEN_FOLDER) + "/" + name;
  if (std::getenv("CONCERT_UPDATE_GOLDEN") != nullptr) {
    std::ofstream(path, std::ios::binary) << text;
    return;
  }
  std::ifstream in(path, std::ios::binary);
  ASSERT_TRUE(in) << path;
  std::ostringstream golden;
  golden << in.rdbuf();
  EXPECT_EQ(text, golden.str()) << path;
}

}  // namespace concert::reports
