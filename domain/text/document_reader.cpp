#include "domain/text/document_reader.hpp"

#include <nlohmann/json.hpp>
#include <simdjson.h>

#include <algorithm>
#include <string>
#include <utility>

namespace dklb::domain {

namespace {

using simdjson::dom::element;
using simdjson::dom::element_type;

pool_document document_from(element value);

pool_document object_from(simdjson::dom::object from) {
  auto made = pool_document::object();
  auto& members = made.get_ref<pool_document::object_t&>();
  members.reserve(from.size());
  for (const auto [key, content] : from) {
    const std::string_view name = key;
    const auto same =
      std::ranges::find_if(members, [name](const auto& member) { return member.first == name; });
    if (same == members.end())
      members.emplace_back(std::string{name}, document_from(content));
    else
      same->second = document_from(content);
  }
  return made;
}

pool_document array_from(simdjson::dom::array from) {
  auto made = pool_document::array();
  auto& items = made.get_ref<pool_document::array_t&>();
  items.reserve(from.size());
  for (const auto item : from)
    items.push_back(document_from(item));
  return made;
}

/// As deep as the parser goes, which has a limit.
pool_document document_from(element value) {
  switch (value.type()) {
  case element_type::OBJECT:
    return object_from(value.get_object().value_unsafe());
  case element_type::ARRAY:
    return array_from(value.get_array().value_unsafe());
  case element_type::STRING:
    return std::string{value.get_string().value_unsafe()};
  case element_type::BOOL:
    return value.get_bool().value_unsafe();
  case element_type::INT64: {
    // The library tells numbers with a sign from those without.
    const auto number = value.get_int64().value_unsafe();
    return number < 0 ? pool_document(number) : pool_document(static_cast<std::uint64_t>(number));
  }
  case element_type::UINT64:
    return value.get_uint64().value_unsafe();
  case element_type::DOUBLE:
    return value.get_double().value_unsafe();
  default:
    return nullptr;
  }
}

} // namespace

pool_document read_document(std::string_view text) {
  simdjson::dom::parser parser;
  element root;
  if (parser.parse(text.data(), text.size()).get(root) == simdjson::SUCCESS)
    return document_from(root);
  // Rare: no JSON, or deeper or with longer numbers than that parser takes.
  return pool_document::parse(text, nullptr, false);
}

} // namespace dklb::domain
