#include "http/kube/watch_event.hpp"

#include "http/engine.hpp"

#include <utility>

namespace dklb::http::kube {
namespace {

using nlohmann::json;

domain::error malformed(std::string message) {
  return {domain::error_code::malformed, std::move(message), {}, 0};
}

/// A member of `metadata` that is text, "" where it is none.
std::string metadata_text(const json& object, const char* name) {
  if (!object.is_object())
    return {};
  const auto metadata = object.find("metadata");
  if (metadata == object.end() || !metadata->is_object())
    return {};
  const auto member = metadata->find(name);
  return member != metadata->end() && member->is_string() ? member->get<std::string>()
                                                          : std::string{};
}

} // namespace

domain::result<watch_event> parse_watch_event(std::string_view frame) {
  auto document = json::parse(frame, nullptr, false);
  if (!document.is_object())
    return malformed("a watch event is no JSON object");
  const auto type = document.find("type");
  const auto object = document.find("object");
  if (type == document.end() || !type->is_string() || object == document.end()
      || !object->is_object())
    return malformed("a watch event lacks its type or its object");
  static constexpr std::pair<std::string_view, watch_event_type> types[] = {
    {"ADDED", watch_event_type::added},     {"MODIFIED", watch_event_type::modified},
    {"DELETED", watch_event_type::deleted}, {"BOOKMARK", watch_event_type::bookmark},
    {"ERROR", watch_event_type::error},
  };
  for (const auto& [name, value] : types)
    if (type->get_ref<const std::string&>() == name)
      return watch_event{value, std::move(*object)};
  return malformed("a watch event has the unknown type " + type->get<std::string>());
}

domain::error error_from_status(const json& status) {
  response answer;
  const auto code = status.find("code");
  answer.status = code != status.end() && code->is_number_integer() ? code->get<int>() : 500;
  answer.body = status.dump(-1, ' ', false, json::error_handler_t::replace);
  const auto details = status.find("details");
  if (details != status.end() && details->is_object()) {
    const auto wait = details->find("retryAfterSeconds");
    if (wait != details->end() && wait->is_number_integer() && wait->get<std::int64_t>() > 0)
      answer.headers.emplace_back("retry-after", std::to_string(wait->get<std::int64_t>()));
  }
  return error_from_response(answer);
}

std::string resource_version_of(const json& object) {
  return metadata_text(object, "resourceVersion");
}

bool ends_initial_events(const json& bookmark) {
  const auto value =
    bookmark.value(json::json_pointer("/metadata/annotations/k8s.io~1initial-events-end"), json());
  return value.is_string() && value.get_ref<const std::string&>() == "true";
}

domain::result<list_metadata> parse_list(std::string_view text,
                                         const std::function<void(json&)>& on_item) {
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
    on_item(parsed);
    return false;
  };
  const auto list = json::parse(text, callback, false);
  if (!list.is_object() || !list.contains("metadata"))
    return malformed("the answer to a list is no JSON list, or it is cut off");
  return list_metadata{resource_version_of(list), metadata_text(list, "continue")};
}

} // namespace dklb::http::kube
