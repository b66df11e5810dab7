#include "http/kube/watch/watch_event.hpp"

#include "http/engine/engine.hpp"

#include <array>
#include <utility>

namespace dklb::http::kube {
namespace {

domain::error malformed(std::string message) {
  return {domain::error_code::malformed, std::move(message), {}, 0};
}

/// Finds the items within the text of a list, one after the other.
class list_pages {
public:
  list_pages(json_reader& reader, const std::function<void(json_view)>& on_item)
    : reader_(reader), on_item_(on_item) {}

  /// Nothing where the text is no list.
  std::optional<list_metadata> read(std::string_view text) {
    const simdjson::padded_string padded{text};
    simdjson::ondemand::parser parser;
    simdjson::ondemand::document document;
    simdjson::ondemand::object list;
    if (parser.iterate(padded).get(document) != simdjson::SUCCESS
        || document.get_object().get(list) != simdjson::SUCCESS)
      return std::nullopt;
    for (auto member : list)
      if (!take(member))
        return std::nullopt;
    return metadata_;
  }

private:
  bool take(simdjson::simdjson_result<simdjson::ondemand::field> member) {
    std::string_view name;
    simdjson::ondemand::value value;
    if (member.unescaped_key().get(name) != simdjson::SUCCESS
        || member.value().get(value) != simdjson::SUCCESS)
      return false;
    if (name == "metadata")
      return take_metadata(value);
    return name != "items" || take_items(value);
  }

  bool take_metadata(simdjson::ondemand::value value) {
    const auto object = view(value);
    if (object)
      metadata_ =
        list_metadata{text_at(*object, {"resourceVersion"}), text_at(*object, {"continue"})};
    return object.has_value();
  }

  bool take_items(simdjson::ondemand::value value) {
    bool absent = false;
    if (value.is_null().get(absent) != simdjson::SUCCESS)
      return false; // begins as null does and is something else
    if (absent)
      return true;
    simdjson::ondemand::array items;
    if (value.get_array().get(items) != simdjson::SUCCESS)
      return false;
    for (auto item : items) {
      simdjson::ondemand::value one;
      const auto object = item.get(one) == simdjson::SUCCESS ? view(one) : std::nullopt;
      if (!object)
        return false;
      on_item_(*object);
    }
    return true;
  }

  std::optional<json_view> view(simdjson::ondemand::value value) {
    std::string_view text;
    if (simdjson::to_json_string(value).get(text) != simdjson::SUCCESS)
      return std::nullopt;
    const auto root = reader_.read(text);
    return root ? std::optional{*root} : std::nullopt;
  }

  json_reader& reader_;
  const std::function<void(json_view)>& on_item_;
  std::optional<list_metadata> metadata_;
};

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
  using named_type = std::pair<std::string_view, watch_event_type>;
  static constexpr std::array types{named_type{"ADDED", watch_event_type::added},
                                    named_type{"MODIFIED", watch_event_type::modified},
                                    named_type{"DELETED", watch_event_type::deleted},
                                    named_type{"BOOKMARK", watch_event_type::bookmark},
                                    named_type{"ERROR", watch_event_type::error}};
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
  list_pages pages{reader, on_item};
  const auto found = pages.read(text);
  if (!found)
    return malformed("the answer to a list is no JSON list, or it is cut off");
  return *found;
}

} // namespace dklb::http::kube
