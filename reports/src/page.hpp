// SPDX-License-Identifier: Apache-2.0
// What every page has in common.
#pragma once

#include <string>

#include "markup.hpp"

namespace concert::reports {

/// The <head>: title and style, and the promise that the page loads nothing.
void write_head(Markup& markup, const std::string& title);

}  // namespace concert::reports
