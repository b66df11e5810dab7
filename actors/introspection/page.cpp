#include "actors/introspection/page.hpp"

#include "dklb/embedded/page_html.hpp"
#include "dklb/embedded/page_script.hpp"
#include "dklb/embedded/page_style.hpp"
#include "http/server/inline_page.hpp"

namespace dklb::actors {

const http::server::outgoing& page() {
  static const auto made =
    http::server::inline_page({embedded::page_html, embedded::page_style, embedded::page_script});
  return made;
}

} // namespace dklb::actors
