#include "domain/base/names.hpp"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <utility>

namespace dklb::domain {

namespace {

constexpr std::string_view suffix_alphabet = "abcdefghijklmnopqrstuvwxyz0123456789";
constexpr std::size_t suffix_length = 5;

/// A DC/OS service name holds 63 characters: the default pool group, a slash, then the pool's name.
constexpr std::size_t service_name_limit = 63;
constexpr std::string_view default_pool_group = "dcos-edgelb/pools";
constexpr std::size_t pool_name_limit = service_name_limit - default_pool_group.size() - 1;

bool is_name_character(char character) {
  return (character >= 'a' && character <= 'z') || (character >= '0' && character <= '9');
}

/// What a name may hold that object_name made.
bool is_object_name_character(char character) {
  return is_name_character(character) || (character >= 'A' && character <= 'Z')
         || std::string_view{"-._:/"}.find(character) != std::string_view::npos;
}

std::string dotted_cluster(std::string_view cluster) {
  std::string result{cluster};
  std::replace(result.begin(), result.end(), '/', '.');
  return result;
}

/// The cluster name as part of a pool name: only what a pool name may hold.
std::string fitted_cluster(std::string_view cluster) {
  if (cluster.starts_with('/'))
    cluster.remove_prefix(1);
  std::string result;
  for (char character : cluster) {
    if (character >= 'A' && character <= 'Z')
      character = static_cast<char>(character - 'A' + 'a');
    if (character == '/')
      result += "--";
    else
      result += is_name_character(character) ? character : '-';
  }
  result.erase(0, result.find_first_not_of('-'));
  return result.empty() ? "dklb" : result;
}

/// Takes the part behind the last colon off `text`; nothing where there is no colon.
std::optional<std::string_view> split_last(std::string_view& text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos)
    return std::nullopt;
  const auto part = text.substr(colon + 1);
  text = text.substr(0, colon);
  return part;
}

/// A port as object_name writes it: 1 to 65535 without leading zeros.
std::optional<int> parse_port(std::string_view text) {
  int port = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (code != std::errc{} || end != text.data() + text.size() || text.front() == '0')
    return std::nullopt;
  return port >= 1 && port <= 65535 ? std::optional{port} : std::nullopt;
}

} // namespace

std::string object_name(std::string_view cluster, const service_key& service, int port) {
  return dotted_cluster(cluster) + ":" + service.name_space + ":" + service.name + ":"
         + std::to_string(port);
}

std::optional<object_owner> owner_of(std::string_view cluster, std::string_view object_name) {
  // From the right: a cluster name may hold colons, the names of Kubernetes cannot.
  auto rest = object_name;
  const auto port_text = split_last(rest);
  const auto name = split_last(rest);
  const auto name_space = split_last(rest);
  if (!port_text || !name || !name_space || name->empty() || name_space->empty())
    return std::nullopt;
  const auto port = parse_port(*port_text);
  if (!port || rest != dotted_cluster(cluster))
    return std::nullopt;
  return object_owner{{std::string{*name_space}, std::string{*name}}, *port};
}

std::set<service_key> owners_named_in(std::string_view cluster, std::string_view text) {
  std::set<service_key> owners;
  const auto start = dotted_cluster(cluster) + ":";
  for (auto at = text.find(start); at != std::string_view::npos; at = text.find(start, at + 1)) {
    // The end of another cluster's name is not this cluster's.
    if (at > 0 && is_object_name_character(text[at - 1]))
      continue;
    auto end = at + start.size();
    while (end < text.size() && is_object_name_character(text[end]))
      ++end;
    // A full stop or a colon behind the name ends a sentence or begins what is said of it.
    while (end > at && (text[end - 1] == '.' || text[end - 1] == ':'))
      --end;
    if (const auto owner = owner_of(cluster, text.substr(at, end - at)))
      owners.insert(owner->service);
  }
  return owners;
}

bool valid_pool_name(std::string_view name) {
  if (name.empty() || name.size() > 63)
    return false;
  return is_name_character(name.front()) && is_name_character(name.back())
         && std::all_of(name.begin(), name.end(), [](char character) {
              return is_name_character(character) || character == '-';
            });
}

std::string generated_pool_name(std::string_view prefix, std::string_view cluster,
                                std::string_view suffix) {
  const auto room = pool_name_limit - prefix.size() - 2 - suffix.size();
  return std::string{prefix} + fitted_cluster(cluster).substr(0, room) + "--" + std::string{suffix};
}

std::string name_suffix(std::uint64_t random_bits) {
  std::string result;
  for (std::size_t index = 0; index < suffix_length; ++index) {
    result += suffix_alphabet[random_bits % suffix_alphabet.size()];
    random_bits /= suffix_alphabet.size();
  }
  return result;
}

} // namespace dklb::domain
