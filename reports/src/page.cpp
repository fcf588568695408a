// SPDX-License-Identifier: Apache-2.0
#include "page.hpp"

#include "html_assets.hpp"

namespace concert::reports {

void write_head(Markup& markup, const std::string& title) {
  const Tag head(markup, "head");
  markup.empty("meta", {{"charset", "utf-8"}});
  markup.empty("meta", {{"name", "viewport"}, {"content", "width=device-width, initial-scale=1"}});
  // The browser itself then proves that the page loads nothing.
  markup.empty("meta", {{"http-equiv", "Content-Security-Policy"},
                        {"content", "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'"}});
  markup.element("title", title);
  markup.open("style");
  markup.raw(page_style);
  markup.close("style");
}

}  // namespace concert::reports
