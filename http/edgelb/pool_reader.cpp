#include "http/edgelb/pool_reader.hpp"

#include <bit>
#include <string>

namespace dklb::http::edgelb {

namespace {

constexpr std::uint64_t fnv_offset = 0xcbf29ce484222325U;
constexpr std::uint64_t fnv_prime = 0x100000001b3U;

std::uint64_t hash_text(std::string_view bytes) {
  auto hash = fnv_offset;
  for (const char byte : bytes)
    hash = (hash ^ static_cast<unsigned char>(byte)) * fnv_prime;
  return hash;
}

/// Spreads every bit over the whole word (the finalizer of splitmix64).
std::uint64_t mix(std::uint64_t value) {
  value = (value ^ (value >> 30U)) * 0xbf58476d1ce4e5b9U;
  value = (value ^ (value >> 27U)) * 0x94d049bb133111ebU;
  return value ^ (value >> 31U);
}

/// 1 and 1.0 compare equal, so they hash alike.
std::uint64_t hash_number(double number) {
  return mix(std::bit_cast<std::uint64_t>(number == 0 ? 0.0 : number) + 3);
}

/// Members are added up, so that their order does not matter.
std::uint64_t hash_object(simdjson::dom::object members) {
  std::uint64_t sum = 0;
  for (const auto& [key, content] : members)
    sum += mix(hash_text(key) ^ mix(digest(content)));
  return mix(sum + 5);
}

std::uint64_t hash_array(simdjson::dom::array items) {
  auto hash = fnv_offset;
  for (const auto item : items)
    hash = mix(hash * fnv_prime + digest(item));
  return mix(hash + 7);
}

} // namespace

std::uint64_t digest(json_view value) {
  using simdjson::dom::element_type;
  switch (value.type()) {
  case element_type::OBJECT:
    return hash_object(value.get_object().value_unsafe());
  case element_type::ARRAY:
    return hash_array(value.get_array().value_unsafe());
  case element_type::STRING:
    return mix(hash_text(value.get_string().value_unsafe()) + 11);
  case element_type::BOOL:
    return value.get_bool().value_unsafe() ? 0x9e3779b97f4a7c15U : 0x3c6ef372fe94f82bU;
  case element_type::INT64:
  case element_type::UINT64:
  case element_type::DOUBLE:
    return hash_number(value.get_double().value_unsafe());
  default:
    return 0x1f83d9abfb41bd6bU;
  }
}

domain::result<domain::pool_snapshot> read_pool(json_reader& reader, std::string_view text) {
  const auto document = reader.read(text);
  if (!document)
    return document.failure();
  if (!document->is_object())
    return domain::error{domain::error_code::malformed, "not a JSON object", {}, 0};
  return domain::pool_snapshot{std::string{text}, digest(*document)};
}

} // namespace dklb::http::edgelb
