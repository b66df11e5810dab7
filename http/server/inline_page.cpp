#include "http/server/inline_page.hpp"

#include "http/text/base64.hpp"

#include <openssl/sha.h>

#include <array>
#include <string>

namespace dklb::http::server {

namespace {

/// A source expression of a policy (Content Security Policy Level 3, section 2.3.1).
std::string hash_source(std::string_view text) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  (void)::SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  return "'sha256-" + base64_encode({reinterpret_cast<const char*>(digest.data()), digest.size()})
         + "'";
}

void insert_at(std::string& text, std::string_view mark, std::string_view piece) {
  if (const auto at = text.find(mark); at != std::string::npos)
    text.replace(at, mark.size(), piece);
}

} // namespace

outgoing inline_page(const page_files& files) {
  outgoing out;
  out.content_type = "text/html; charset=utf-8";
  out.body = files.html;
  // The script comes last: it may hold anything.
  insert_at(out.body, "{{style}}", files.style);
  insert_at(out.body, "{{script}}", files.script);
  out.headers = {
    {"Content-Security-Policy", "default-src 'none'; script-src " + hash_source(files.script)
                                  + "; style-src " + hash_source(files.style)
                                  + "; connect-src 'self'; img-src data:; base-uri 'none'; "
                                    "form-action 'none'; frame-ancestors 'none'"},
    {"Cache-Control", "no-cache"},
    {"Referrer-Policy", "no-referrer"}};
  return out;
}

} // namespace dklb::http::server
