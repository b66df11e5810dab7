#include "domain/pool_document.hpp"

#include <bit>
#include <cstdint>

namespace dklb::domain {

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
std::uint64_t hash_number(const pool_document& value) {
  const auto number = value.get<double>();
  return mix(std::bit_cast<std::uint64_t>(number == 0 ? 0.0 : number) + 3);
}

std::uint64_t hash_value(const pool_document& value);

/// Members are added up, so that their order does not matter.
std::uint64_t hash_object(const pool_document& value) {
  std::uint64_t sum = 0;
  for (const auto& [key, content] : value.get_ref<const pool_document::object_t&>())
    sum += mix(hash_text(key) ^ mix(hash_value(content)));
  return mix(sum + 5);
}

std::uint64_t hash_array(const pool_document& value) {
  auto hash = fnv_offset;
  for (const auto& item : items(value))
    hash = mix(hash * fnv_prime + hash_value(item));
  return mix(hash + 7);
}

std::uint64_t hash_value(const pool_document& value) {
  switch (value.type()) {
  case pool_document::value_t::object:
    return hash_object(value);
  case pool_document::value_t::array:
    return hash_array(value);
  case pool_document::value_t::string:
    return mix(hash_text(text(value)) + 11);
  case pool_document::value_t::boolean:
    return value.get<bool>() ? 0x9e3779b97f4a7c15U : 0x3c6ef372fe94f82bU;
  case pool_document::value_t::number_integer:
  case pool_document::value_t::number_unsigned:
  case pool_document::value_t::number_float:
    return hash_number(value);
  default:
    return 0x1f83d9abfb41bd6bU;
  }
}

} // namespace

std::uint64_t digest(const pool_document& document) {
  return hash_value(document);
}

} // namespace dklb::domain
