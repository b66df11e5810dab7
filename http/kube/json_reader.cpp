#include "http/kube/json_reader.hpp"

namespace dklb::http::kube {

namespace {

/// A large text must not keep its memory for as long as its reader lives.
constexpr std::size_t most_kept = 64U << 10U;

} // namespace

json_reader::json_reader(std::size_t deepest) : deepest_(deepest) {}

domain::result<json_view> json_reader::read(std::string_view text) {
  const bool oversized = parser_.capacity() > most_kept && text.size() <= most_kept;
  if (oversized)
    parser_ = simdjson::dom::parser{};
  auto problem = simdjson::SUCCESS;
  if (parser_.capacity() == 0)
    problem = parser_.allocate(text.size(), deepest_);
  json_view root;
  if (problem == simdjson::SUCCESS)
    problem = parser_.parse(text.data(), text.size()).get(root);
  if (problem == simdjson::SUCCESS)
    return root;
  const auto* why = problem == simdjson::DEPTH_ERROR ? "nested too deeply" : "not JSON";
  return domain::error{domain::error_code::malformed, why, {}, 0};
}

std::optional<json_view> value_at(json_view object, std::initializer_list<const char*> path) {
  auto value = object;
  for (const auto* name : path)
    if (!value.is_object() || value[name].get(value) != simdjson::SUCCESS)
      return std::nullopt;
  return value;
}

std::string_view text_view_at(json_view object, std::initializer_list<const char*> path) {
  const auto value = value_at(object, path);
  std::string_view text;
  return value && value->get(text) == simdjson::SUCCESS ? text : std::string_view{};
}

std::string text_at(json_view object, std::initializer_list<const char*> path) {
  return std::string{text_view_at(object, path)};
}

} // namespace dklb::http::kube
