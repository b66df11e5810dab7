#include "http/edgelb/metadata_reader.hpp"

#include "domain/document/pool_document.hpp"

namespace dklb::http::edgelb {

namespace {

using domain::items;
using domain::member;
using domain::pool_document;
using domain::text;

void append_texts(std::vector<std::string>& into, const pool_document& list) {
  for (const auto& item : items(list))
    if (item.is_string())
      into.emplace_back(text(item));
}

domain::pool_metadata::frontend read_frontend(const pool_document& object) {
  domain::pool_metadata::frontend out;
  out.name = text(member(object, "name"));
  for (const auto& endpoint : items(member(object, "endpoints"))) {
    append_texts(out.internal, member(endpoint, "private"));
    append_texts(out.external, member(endpoint, "public"));
  }
  return out;
}

domain::pool_metadata::balancer read_balancer(const pool_document& object) {
  domain::pool_metadata::balancer out;
  out.dns = text(member(object, "dns"));
  for (const auto& listener : items(member(object, "listeners")))
    out.frontends.emplace_back(text(member(listener, "linkFrontend")));
  return out;
}

} // namespace

domain::result<domain::pool_metadata> read_metadata(std::string_view text) {
  const auto root = domain::read_document(text);
  if (!root.is_object())
    return domain::error{domain::error_code::malformed, "not a JSON object", {}, 0};
  domain::pool_metadata out;
  for (const auto& balancer : items(member(member(root, "aws"), "elbs")))
    out.balancers.push_back(read_balancer(balancer));
  for (const auto& frontend : items(member(root, "frontends")))
    out.frontends.push_back(read_frontend(frontend));
  return out;
}

} // namespace dklb::http::edgelb
