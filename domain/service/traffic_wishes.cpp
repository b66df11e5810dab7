#include "domain/service/traffic_wishes.hpp"

#include "domain/text/duration.hpp"
#include "domain/text/yaml_value.hpp"

#include <string_view>

namespace dklb::domain {

namespace {

std::string yaml_text(int number) {
  return std::to_string(number);
}

std::string yaml_text(std::chrono::milliseconds duration) {
  return format_duration(duration);
}

std::string yaml_text(const std::string& text) {
  return yaml_scalar(text);
}

template <class Choice>
std::string yaml_text(Choice choice) {
  return to_string(choice);
}

template <class T>
void append_key(std::string& yaml, std::string_view key, const std::optional<T>& value) {
  if (value)
    yaml.append(key).append(": ").append(yaml_text(*value)).append("\n");
}

void append_check(std::string& yaml, const health_check_wishes& check) {
  if (check == health_check_wishes{})
    return;
  yaml += "healthCheck:\n";
  append_key(yaml, "  type", check.type);
  append_key(yaml, "  path", check.path);
  append_key(yaml, "  port", check.port);
  append_key(yaml, "  interval", check.interval);
  append_key(yaml, "  rise", check.rise);
  append_key(yaml, "  fall", check.fall);
}

} // namespace

const char* to_string(proxy_protocol version) {
  return version == proxy_protocol::v1 ? "v1" : "v2";
}

const char* to_string(balance_rule rule) {
  switch (rule) {
  case balance_rule::leastconn:
    return "leastconn";
  case balance_rule::roundrobin:
    return "roundrobin";
  case balance_rule::source:
    return "source";
  case balance_rule::random:
    return "random";
  }
  return "leastconn";
}

const char* to_string(health_check_type type) {
  switch (type) {
  case health_check_type::tcp:
    return "tcp";
  case health_check_type::http:
    return "http";
  case health_check_type::none:
    return "none";
  }
  return "tcp";
}

void append_traffic(std::string& yaml, const traffic_wishes& wishes) {
  append_key(yaml, "proxyProtocol", wishes.proxy);
  append_key(yaml, "balance", wishes.balance);
  append_check(yaml, wishes.health_check);
  if (wishes.timeouts != timeout_wishes{})
    yaml += "timeouts:\n";
  append_key(yaml, "  connect", wishes.timeouts.connect);
  append_key(yaml, "  client", wishes.timeouts.client);
  append_key(yaml, "  server", wishes.timeouts.server);
  append_key(yaml, "maxConnections", wishes.max_connections);
  append_key(yaml, "drain", wishes.drain);
}

} // namespace dklb::domain
