#pragma once

#include "http/server/server.hpp"

#include <string_view>

namespace dklb::http::server {

/// A web page in three files. `html` has the marks `{{style}}` and `{{script}}`, once each, where
/// the other two belong.
struct page_files {
  std::string_view html;
  std::string_view style;
  std::string_view script;
};

/// The response with such a page. Its content security policy allows the style and the script of
/// these files by their hashes, requests to this server, and nothing else: no other script, no
/// address outside, no frame around it.
outgoing inline_page(const page_files& files);

} // namespace dklb::http::server
