#include "domain/service/configuration_object.hpp"

#include "domain/text/yaml_reader.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <chrono>
#include <set>
#include <string>

using namespace dklb::domain;

namespace {

template <class T>
rc::Gen<std::optional<T>> maybe(rc::Gen<T> generator) {
  return rc::gen::map(rc::gen::maybe(std::move(generator)), [](const rc::Maybe<T>& value) {
    return value ? std::optional<T>{*value} : std::nullopt;
  });
}

rc::Gen<std::string> pool_names() {
  return rc::gen::suchThat(rc::gen::container<std::string>(rc::gen::elementOf(
                             std::string{"abcdefghijklmnopqrstuvwxyz0123456789--"})),
                           [](const std::string& name) {
                             return !name.empty() && name.size() < 64 && name.front() != '-'
                                    && name.back() != '-';
                           });
}

/// Text with everything that YAML gives a meaning to, and with `control` characters.
rc::Gen<std::string> awkward_texts(const std::vector<std::string>& control) {
  std::vector<std::string> parts{"a",    "7",   " ",   "\"", "'",   "\\",      ":", ": ", "#",
                                 " #",   "-",   "- ",  "*",  "&",   "!",       "|", ">",  "{",
                                 "}",    "[",   "]",   ",",  "%",   "@",       "`", "~",  "null",
                                 "true", "---", "...", "<<", "0.1", "\xc3\xa9"};
  parts.insert(parts.end(), control.begin(), control.end());
  return rc::gen::map(rc::gen::container<std::vector<std::string>>(rc::gen::elementOf(parts)),
                      [](const std::vector<std::string>& chosen) {
                        std::string text;
                        for (const auto& part : chosen)
                          text += part;
                        return text;
                      });
}

std::vector<frontend_mapping> some_frontends() {
  std::vector<frontend_mapping> entries;
  std::set<int> service_ports;
  std::set<int> bind_ports;
  const auto ports = maybe(rc::gen::inRange(1, 65536));
  for (auto count = *rc::gen::inRange(0, 5); count > 0; --count) {
    const frontend_mapping entry{*ports, *rc::gen::inRange(1, 65536)};
    if (service_ports.insert(entry.service_port).second
        && bind_ports.insert(entry.port.value_or(entry.service_port)).second)
      entries.push_back(entry);
  }
  return entries;
}

rc::Gen<std::optional<std::chrono::milliseconds>> maybe_time(std::int64_t least,
                                                             std::int64_t most) {
  return maybe(rc::gen::map(rc::gen::inRange(least, most + 1),
                            [](std::int64_t count) { return std::chrono::milliseconds{count}; }));
}

traffic_wishes some_traffic() {
  traffic_wishes wishes;
  wishes.proxy = *maybe(rc::gen::element(proxy_protocol::v1, proxy_protocol::v2));
  wishes.balance = *maybe(rc::gen::element(balance_rule::leastconn, balance_rule::roundrobin,
                                           balance_rule::source, balance_rule::random));
  auto& check = wishes.health_check;
  check.type = *maybe(
    rc::gen::element(health_check_type::tcp, health_check_type::http, health_check_type::none));
  if (check.type != health_check_type::none) {
    check.port = *maybe(rc::gen::inRange(1, 65536));
    check.interval = *maybe_time(500, 600000);
    check.rise = *maybe(rc::gen::inRange(1, 101));
    check.fall = *maybe(rc::gen::inRange(1, 101));
  }
  if (check.type == health_check_type::http)
    check.path = *maybe(rc::gen::element<std::string>("/", "/ok?a=b&c=%20", "/*", "/:x!(y),z;~"));
  wishes.timeouts = {*maybe_time(10, 604800000), *maybe_time(10, 604800000),
                     *maybe_time(10, 604800000)};
  wishes.max_connections = *maybe(rc::gen::inRange(1, 1000001));
  wishes.drain = *maybe_time(1000, 86400000);
  return wishes;
}

/// Any object that follows the rules: only the two values that hold JSON may have lines.
configuration_object some_object() {
  configuration_object object;
  object.name = *maybe(pool_names());
  object.role = *maybe(rc::gen::nonEmpty(awkward_texts({})));
  if (object.role && *object.role != "slave_public")
    object.network = *maybe(rc::gen::nonEmpty(awkward_texts({})));
  object.cpus = *maybe(rc::gen::map(rc::gen::inRange(0, 1000000),
                                    [](int thousandths) { return thousandths / 1000.0; }));
  object.memory = *maybe(rc::gen::inRange<std::int64_t>(0, 2147483648));
  object.size = *maybe(rc::gen::inRange(1, 2147483647));
  object.constraints = *maybe(awkward_texts({"\n", "\t"}));
  object.frontends = some_frontends();
  object.creation = *maybe(rc::gen::element(creation_strategy::if_not_present,
                                            creation_strategy::once, creation_strategy::never));
  object.traffic = some_traffic();
  object.publish = *maybe(
    rc::gen::element(publish_kind::all, publish_kind::public_only, publish_kind::private_only));
  object.address = *rc::gen::element<std::string>("", "192.0.2.10", "2001:db8::1", "fd00::a:b");
  return object;
}

RC_GTEST_PROP(ConfigurationObjectProperty, RenderedObjectsParseBackToThemselves, ()) {
  auto object = some_object();
  if (*rc::gen::arbitrary<bool>())
    object.cloud_provider_configuration = *rc::gen::element<std::string>(
      "", "{}", "{\"aws\": {\"elbs\": [{\"name\": \"a # b\"}]}}", "{\n  \"aws\": {}\n}\n");
  const auto parsed = parse_configuration_object(render_configuration_object(object));
  RC_ASSERT(parsed.has_value());
  RC_ASSERT(parsed->object == object);
  RC_ASSERT(parsed->warnings.empty());
}

RC_GTEST_PROP(ConfigurationObjectProperty, NoBytesMakeItThrow, (const std::string& bytes)) {
  const auto parsed = parse_configuration_object(bytes);
  RC_ASSERT((parsed.has_value() || !parsed.failure().message.empty()));
}

RC_GTEST_PROP(ConfigurationObjectProperty, NoYamlMakesItThrow, ()) {
  const auto parsed =
    parse_configuration_object(*awkward_texts({"\n", "\t", "\x01", "\x7f", "\xe2\x80\xa8"}));
  RC_ASSERT((parsed.has_value() || !parsed.failure().message.empty()));
}

/// Valid texts with one byte changed reach deeper than random ones.
RC_GTEST_PROP(ConfigurationObjectProperty, NoChangedByteMakesItThrow, (char byte)) {
  auto text = render_configuration_object(some_object());
  if (!text.empty())
    text[*rc::gen::inRange<std::size_t>(0, text.size())] = byte;
  const auto parsed = parse_configuration_object(text);
  RC_ASSERT((parsed.has_value() || !parsed.failure().message.empty()));
}

} // namespace
