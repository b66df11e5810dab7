#include "http/kube/watch_event.hpp"

#include "http/engine.hpp"

#include <nlohmann/json.hpp>

#include <utility>

namespace dklb::http::kube {
namespace {

using nlohmann::json;

domain::error malformed(std::string message) {
  return {domain::error_code::malformed, std::move(message), {}, 0};
}

} // namespace

domain::result<watch_event> parse_watch_event(json_reader& reader, std::string_view frame) {
  const auto document = reader.read(frame);
  if (!document || !document->is_object())
    return malformed("a watch event is no JSON object");
  const auto type = value_at(*document, {"type"});
  const auto object = value_at(*document, {"object"});
  std::string_view named;
  if (!type || type->get(named) != simdjson::SUCCESS || !object || !object->is_object())
    return malformed("a watch event lacks its type or its object");
  static constexpr std::pair<std::string_view, watch_event_type> types[] = {
    {"ADDED", watch_event_type::added},     {"MODIFIED", watch_event_type::modified},
    {"DELETED", watch_event_type::deleted}, {"BOOKMARK", watch_event_type::bookmark},
    {"ERROR", watch_event_type::error},
  };
  for (const auto& [name, value] : types)
    if (named == name)
      return watch_event{value, *object};
  return malformed("a watch event has the unknown type " + std::string{named});
}

domain::error error_from_status(json_view status) {
  const auto number_at = [&](std::initializer_list<const char*> path, std::int64_t fallback) {
    const auto value = value_at(status, path);
    std::int64_t number = 0;
    return value && value->get(number) == simdjson::SUCCESS ? number : fallback;
  };
  response answer;
  answer.status = static_cast<int>(number_at({"code"}, 500));
  answer.body = simdjson::minify(status);
  if (const auto wait = number_at({"details", "retryAfterSeconds"}, 0); wait > 0)
    answer.headers.emplace_back("retry-after", std::to_string(wait));
  return error_from_response(answer);
}

std::string resource_version_of(json_view object) {
  return text_at(object, {"metadata", "resourceVersion"});
}

bool ends_initial_events(json_view bookmark) {
  return text_at(bookmark, {"metadata", "annotations", "k8s.io/initial-events-end"}) == "true";
}

domain::result<list_metadata> parse_list(json_reader& reader, std::string_view text,
                                         const std::function<void(json_view)>& on_item) {
  constexpr int item_depth = 2;
  bool in_items = false;
  const auto callback = [&](int depth, json::parse_event_t event, json& parsed) {
    if (event == json::parse_event_t::key && depth == 1)
      in_items = parsed == "items";
    const bool complete = event == json::parse_event_t::object_end
                          || event == json::parse_event_t::array_end
                          || event == json::parse_event_t::value;
    if (!in_items || depth != item_depth || !complete)
      return true;
    const auto item = reader.read(parsed.dump());
    if (item)
      on_item(*item);
    return false;
  };
  const auto list = json::parse(text, callback, false);
  if (!list.is_object() || !list.contains("metadata"))
    return malformed("the answer to a list is no JSON list, or it is cut off");
  const auto metadata = reader.read(list.at("metadata").dump());
  if (!metadata)
    return malformed("the metadata of a list is " + metadata.failure().message);
  return list_metadata{text_at(*metadata, {"resourceVersion"}), text_at(*metadata, {"continue"})};
}

} // namespace dklb::http::kube
