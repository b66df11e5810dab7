#include "http/kube/watch/watch_event.hpp"

#include "http/engine/engine.hpp"

#include <array>
#include <utility>

namespace dklb::http::kube {
namespace {

json_view view_of(json_reader& reader, simdjson::ondemand::value value) {
  const std::string_view text = simdjson::to_json_string(value);
  const auto root = reader.read(text);
  if (!root)
    throw simdjson::simdjson_error{simdjson::TAPE_ERROR};
  return *root;
}

/// Throws simdjson_error where the text is no list.
std::optional<list_metadata> read_list(json_reader& reader, std::string_view text,
                                       const std::function<void(json_view)>& on_item) {
  const simdjson::padded_string padded{text};
  simdjson::ondemand::parser parser;
  auto document = parser.iterate(padded);
  std::optional<list_metadata> metadata;
  for (auto member : document.get_object()) {
    const std::string_view name = member.unescaped_key();
    simdjson::ondemand::value value = member.value();
    if (name == "metadata") {
      const auto object = view_of(reader, value);
      metadata = list_metadata{text_at(object, {"resourceVersion"}), text_at(object, {"continue"})};
    } else if (name == "items") {
      const bool absent = value.is_null();
      if (absent)
        continue;
      for (auto item : value.get_array())
        on_item(view_of(reader, item.value()));
    }
  }
  return metadata;
}

} // namespace

domain::result<watch_event> read_watch_event(json_view document) {
  const auto type = value_at(document, {"type"});
  const auto object = value_at(document, {"object"});
  std::string_view named;
  if (!type || type->get(named) != simdjson::SUCCESS || !object || !object->is_object())
    return domain::malformed("a watch event lacks its type or its object");
  using named_type = std::pair<std::string_view, watch_event_type>;
  static constexpr std::array types{named_type{"ADDED", watch_event_type::added},
                                    named_type{"MODIFIED", watch_event_type::modified},
                                    named_type{"DELETED", watch_event_type::deleted},
                                    named_type{"BOOKMARK", watch_event_type::bookmark},
                                    named_type{"ERROR", watch_event_type::error}};
  for (const auto& [name, value] : types)
    if (named == name)
      return watch_event{value, *object};
  return domain::malformed("a watch event has the unknown type " + std::string{named});
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
  try {
    if (auto metadata = read_list(reader, text, on_item))
      return std::move(*metadata);
  } catch (const simdjson::simdjson_error&) {
    // Told below.
  }
  return domain::malformed("the answer to a list is no JSON list, or it is cut off");
}

} // namespace dklb::http::kube
