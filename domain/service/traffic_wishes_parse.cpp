#include "domain/service/object_reading.hpp"
#include "domain/text/duration.hpp"
#include "domain/text/utf8.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>

namespace dklb::domain {

namespace {

using std::chrono::milliseconds;

template <class T>
struct bounds {
  T least;
  T most;
};

/// HAProxy counts milliseconds in 31 bits, which is 24 days; a week is more than any of these
/// needs.
constexpr bounds<milliseconds> timeout_bounds{milliseconds{10}, std::chrono::hours{168}};
constexpr bounds<milliseconds> drain_bounds{std::chrono::seconds{1}, std::chrono::hours{24}};
/// Faster checks of every node by every instance are a load of their own.
constexpr bounds<milliseconds> interval_bounds{milliseconds{500}, std::chrono::minutes{10}};
constexpr bounds<std::int64_t> count_bounds{1, 100};
constexpr bounds<std::int64_t> port_bounds{1, 65535};
constexpr bounds<std::int64_t> connection_bounds{1, 1000000};

constexpr std::size_t longest_path = 255;

std::string bound_text(std::int64_t number) {
  return std::to_string(number);
}

std::string bound_text(milliseconds duration) {
  return format_duration(duration);
}

void note_mistake(object_reading& state, const yaml_node& node, std::string_view path,
                  std::string what) {
  state.mistakes.push_back({node.line, std::string{path}, std::move(what)});
}

template <class T>
std::optional<T> bounded(object_reading& state, const yaml_node& node, std::string_view path,
                         std::optional<T> value, const bounds<T>& limits) {
  if (!value || (*value >= limits.least && *value <= limits.most))
    return value;
  note_mistake(state, node, path,
               "must be from " + bound_text(limits.least) + " to " + bound_text(limits.most)
                 + ", not " + bound_text(*value));
  return std::nullopt;
}

std::optional<int> read_number(object_reading& state, const yaml_node& parent, const char* key,
                               std::string_view within, const bounds<std::int64_t>& limits) {
  const auto* node = find(parent, key);
  if (node == nullptr)
    return std::nullopt;
  const auto path = dotted(within, key);
  const auto value =
    bounded(state, *node, path, read_scalar<std::int64_t>(state, *node, path), limits);
  return value ? std::optional{static_cast<int>(*value)} : std::nullopt;
}

std::optional<milliseconds> read_duration(object_reading& state, const yaml_node& parent,
                                          const char* key, std::string_view within,
                                          const bounds<milliseconds>& limits) {
  const auto* node = find(parent, key);
  if (node == nullptr)
    return std::nullopt;
  const auto path = dotted(within, key);
  const bool scalar = node->kind == yaml_kind::plain || node->kind == yaml_kind::quoted;
  const auto value = scalar ? parse_duration(node->text) : std::nullopt;
  if (!value)
    note_mistake(state, *node, path, expectation_text("a duration such as 30s or 1m30s", *node));
  return bounded(state, *node, path, value, limits);
}

/// One of a few words.
template <class Choice, std::size_t count>
std::optional<Choice> read_choice(object_reading& state, const yaml_node& parent, const char* key,
                                  std::string_view within,
                                  const std::array<Choice, count>& choices) {
  const auto* node = find(parent, key);
  if (node == nullptr)
    return std::nullopt;
  const auto path = dotted(within, key);
  const auto text = read_scalar<std::string>(state, *node, path);
  if (!text)
    return std::nullopt;
  std::string names;
  for (const auto choice : choices) {
    if (*text == to_string(choice))
      return choice;
    names.append(names.empty() ? "" : ", ").append(to_string(choice));
  }
  note_mistake(state, *node, path, expectation_text("one of " + names, *node));
  return std::nullopt;
}

/// A path and query as they stand in a request. Blanks, quotes and the like would end the word in
/// HAProxy's configuration; a URL has them escaped.
std::optional<std::string> path_mistake(std::string_view path) {
  static constexpr std::string_view marks = "/-._~!&()*+,;=:@%?";
  const auto stands_as_it_is = [](char letter) {
    return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z')
           || (letter >= '0' && letter <= '9') || marks.find(letter) != std::string_view::npos;
  };
  if (!path.starts_with('/'))
    return "must begin with /";
  if (path.size() > longest_path)
    return "is longer than " + std::to_string(longest_path) + " characters";
  const auto odd = std::find_if_not(path.begin(), path.end(), stands_as_it_is);
  if (odd == path.end())
    return std::nullopt;
  const auto rest = path.substr(static_cast<std::size_t>(odd - path.begin()));
  const auto length = std::max<std::size_t>(utf8_sequence(rest), 1);
  return "holds \"" + visible(rest.substr(0, length)) + "\": write it as an escape such as %20";
}

void read_path(object_reading& state, const yaml_node& parent, health_check_wishes& check) {
  const auto* node = find(parent, "path");
  if (node == nullptr)
    return;
  const std::string path = "healthCheck.path";
  check.path = read_scalar<std::string>(state, *node, path);
  if (check.path)
    if (auto what = path_mistake(*check.path))
      note_mistake(state, *node, path, std::move(*what));
}

/// Keys of a check that the chosen type has no use for.
void refuse_idle_keys(object_reading& state, const yaml_node& node, health_check_type type) {
  for (const auto& child : node.children) {
    if (child.kind == yaml_kind::null || child.key == "type")
      continue;
    const auto path = dotted(node.key, child.key);
    if (type == health_check_type::none)
      note_mistake(state, child, path, "has no effect with the type none: leave it out");
    else if (type == health_check_type::tcp && child.key == "path")
      note_mistake(state, child, path,
                   "has no effect with the type tcp: set healthCheck.type to http");
  }
}

health_check_wishes read_check(object_reading& state, const yaml_node& node) {
  health_check_wishes check;
  if (!expect_kind(state, node, node.key, yaml_kind::mapping))
    return check;
  expect_keys(state, node, node.key, {"type", "path", "port", "interval", "rise", "fall"});
  check.type = read_choice(
    state, node, "type", node.key,
    std::array{health_check_type::tcp, health_check_type::http, health_check_type::none});
  read_path(state, node, check);
  check.port = read_number(state, node, "port", node.key, port_bounds);
  check.interval = read_duration(state, node, "interval", node.key, interval_bounds);
  check.rise = read_number(state, node, "rise", node.key, count_bounds);
  check.fall = read_number(state, node, "fall", node.key, count_bounds);
  if (check.type || find(node, "type") == nullptr)
    refuse_idle_keys(state, node, check.type.value_or(health_check_type::tcp));
  return check;
}

timeout_wishes read_timeouts(object_reading& state, const yaml_node& node) {
  if (!expect_kind(state, node, node.key, yaml_kind::mapping))
    return {};
  expect_keys(state, node, node.key, {"connect", "client", "server"});
  const auto read = [&](const char* key) {
    return read_duration(state, node, key, node.key, timeout_bounds);
  };
  return {read("connect"), read("client"), read("server")};
}

} // namespace

void read_traffic(object_reading& state, const yaml_node& root) {
  traffic_wishes wishes;
  wishes.proxy = read_choice(state, root, "proxyProtocol", "",
                             std::array{proxy_protocol::v1, proxy_protocol::v2});
  wishes.balance = read_choice(state, root, "balance", "",
                               std::array{balance_rule::leastconn, balance_rule::roundrobin,
                                          balance_rule::source, balance_rule::random});
  if (const auto* check = find(root, "healthCheck"))
    wishes.health_check = read_check(state, *check);
  if (const auto* timeouts = find(root, "timeouts"))
    wishes.timeouts = read_timeouts(state, *timeouts);
  wishes.max_connections = read_number(state, root, "maxConnections", "", connection_bounds);
  wishes.drain = read_duration(state, root, "drain", "", drain_bounds);
  state.object.traffic = std::move(wishes);
}

} // namespace dklb::domain
