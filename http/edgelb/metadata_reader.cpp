#include "http/edgelb/metadata_reader.hpp"

#include <utility>

namespace dklb::http::edgelb {

namespace {

/// Calls `action` with each item of the array behind `path`, where there is one.
template <class Action>
void each(json_view object, std::initializer_list<const char*> path, Action action) {
  simdjson::dom::array items;
  if (const auto list = value_at(object, path); list && list->get(items) == simdjson::SUCCESS)
    for (const auto item : items)
      action(item);
}

void append_texts(std::vector<std::string>& into, json_view endpoint, const char* list) {
  each(endpoint, {list}, [&](json_view item) {
    std::string_view text;
    if (item.get(text) == simdjson::SUCCESS)
      into.emplace_back(text);
  });
}

domain::pool_metadata::frontend read_frontend(json_view object) {
  domain::pool_metadata::frontend out;
  out.name = text_at(object, {"name"});
  each(object, {"endpoints"}, [&](json_view endpoint) {
    append_texts(out.internal, endpoint, "private");
    append_texts(out.external, endpoint, "public");
  });
  return out;
}

domain::pool_metadata::balancer read_balancer(json_view object) {
  domain::pool_metadata::balancer out;
  out.dns = text_at(object, {"dns"});
  each(object, {"listeners"},
       [&](json_view listener) { out.frontends.push_back(text_at(listener, {"linkFrontend"})); });
  return out;
}

} // namespace

domain::result<domain::pool_metadata> read_metadata(json_reader& reader, std::string_view text) {
  const auto root = reader.read(text);
  if (!root)
    return root.failure();
  if (!root->is_object())
    return domain::error{domain::error_code::malformed, "not a JSON object", {}, 0};
  domain::pool_metadata out;
  each(*root, {"aws", "elbs"},
       [&](json_view item) { out.balancers.push_back(read_balancer(item)); });
  each(*root, {"frontends"}, [&](json_view item) { out.frontends.push_back(read_frontend(item)); });
  return out;
}

} // namespace dklb::http::edgelb
