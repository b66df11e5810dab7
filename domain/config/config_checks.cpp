#include "domain/config/config_checks.hpp"

#include "domain/base/ip_address.hpp"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <string_view>
#include <system_error>

namespace dklb::domain {

namespace {

bool is_digit(char character) {
  return character >= '0' && character <= '9';
}

bool is_lower(char character) {
  return character >= 'a' && character <= 'z';
}

bool is_alphanumeric(char character) {
  return is_digit(character) || is_lower(character) || (character >= 'A' && character <= 'Z');
}

/// True where `text` is not empty and has only characters that `allowed` takes.
template <class Predicate>
bool all_of(std::string_view text, Predicate allowed) {
  return !text.empty() && std::all_of(text.begin(), text.end(), allowed);
}

std::optional<int> number_up_to(std::string_view text, int limit) {
  int number = 0;
  if (!all_of(text, is_digit))
    return std::nullopt;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  return code == std::errc{} && number <= limit ? std::optional{number} : std::nullopt;
}

bool is_host_name(std::string_view text) {
  const bool characters =
    all_of(text, [](char c) { return is_alphanumeric(c) || c == '-' || c == '.' || c == '_'; });
  return characters && text.size() <= 253 && is_alphanumeric(text.front())
         && text.find("..") == std::string_view::npos;
}

bool is_host(std::string_view text) {
  if (text.starts_with('[') && text.ends_with(']'))
    return is_ipv6(std::string{text.substr(1, text.size() - 2)});
  const bool numeric = all_of(text, [](char c) { return is_digit(c) || c == '.'; });
  return numeric ? is_ipv4(std::string{text}) : is_host_name(text);
}

struct host_and_port {
  std::string_view host;
  std::optional<std::string_view> port;
};

host_and_port split_port(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos || text.find(']', colon) != std::string_view::npos)
    return {text, std::nullopt};
  return {text.substr(0, colon), text.substr(colon + 1)};
}

/// A DNS label or, with dots, a subdomain.
bool is_dns_name(std::string_view text, std::size_t limit, bool dots) {
  const auto allowed = [&](char c) {
    return is_digit(c) || is_lower(c) || c == '-' || (dots && c == '.');
  };
  const auto at_end = [](char c) { return is_digit(c) || is_lower(c); };
  return all_of(text, allowed) && text.size() <= limit && at_end(text.front())
         && at_end(text.back());
}

std::string quoted(std::string_view text, std::string_view what) {
  return "\"" + std::string{text} + "\" " + std::string{what};
}

} // namespace

std::optional<std::string> check_listen_address(const std::string& text) {
  const auto [host, port] = split_port(text);
  if (!port || !number_up_to(*port, 65535))
    return quoted(text, "is not ADDRESS:PORT with a port from 0 to 65535, such as 127.0.0.1:8080");
  if (!is_host(host))
    return quoted(text, "is not ADDRESS:PORT; write 0.0.0.0 for every address, brackets around an "
                        "IPv6 address");
  return std::nullopt;
}

std::optional<std::string> check_host_name(const std::string& text) {
  return is_host(text) ? std::nullopt
                       : std::optional{quoted(text, "is not a host name such as dklb.example.com")};
}

std::optional<std::string> check_url(const std::string& text) {
  std::string_view rest{text};
  for (const std::string_view scheme : {"http://", "https://"})
    if (rest.starts_with(scheme))
      rest.remove_prefix(scheme.size());
  if (rest.size() == text.size())
    return quoted(text, "is not a URL that starts with http:// or https://");
  // The text itself is not repeated here: it may hold a password.
  if (rest.substr(0, rest.find('/')).find('@') != std::string_view::npos)
    return "a URL must not hold credentials; use bearerTokenFile or serviceAccountFile";
  if (rest.find_first_of("?# \t\r\n") != std::string_view::npos)
    return quoted(text, "is not a plain URL: it holds a query, a fragment or a blank");
  const auto [host, port] = split_port(rest.substr(0, rest.find('/')));
  if (!is_host(host))
    return quoted(text, "has no valid host");
  if (port && (!number_up_to(*port, 65535) || *number_up_to(*port, 65535) == 0))
    return quoted(text, "has no valid port");
  return std::nullopt;
}

std::optional<std::string> check_optional_https_url(const std::string& text) {
  if (text.empty())
    return std::nullopt;
  if (auto what = check_url(text))
    return what;
  return text.starts_with("https://")
           ? std::nullopt
           : std::optional{quoted(text, "does not start with https://, and the API server calls "
                                        "nothing else")};
}

std::optional<std::string> check_pool_group(const std::string& text) {
  const bool characters =
    all_of(text, [](char c) { return is_alphanumeric(c) || c == '-' || c == '/' || c == '.'; });
  if (!characters || text.starts_with('/') || text.ends_with('/')
      || text.find("//") != std::string::npos)
    return quoted(text, "is not a pool group such as dcos-edgelb/pools");
  return std::nullopt;
}

std::optional<std::string> check_object_name(const std::string& text) {
  if (is_dns_name(text, 253, true))
    return std::nullopt;
  return quoted(text, "is not a Kubernetes name: lower-case letters, digits, dashes and dots");
}

std::optional<std::string> check_optional_namespace(const std::string& text) {
  if (text.empty() || is_dns_name(text, 63, false))
    return std::nullopt;
  return quoted(text, "is not a Kubernetes namespace: lower-case letters, digits and dashes");
}

std::optional<std::string> check_class_name(const std::string& text) {
  const auto slash = text.find('/');
  const auto name = slash == std::string::npos ? text : text.substr(slash + 1);
  const bool prefix_right =
    slash == std::string::npos || is_dns_name(std::string_view{text}.substr(0, slash), 253, true);
  const bool characters =
    all_of(name, [](char c) { return is_alphanumeric(c) || c == '-' || c == '_' || c == '.'; });
  if (prefix_right && characters && name.size() <= 63 && is_alphanumeric(name.front())
      && is_alphanumeric(name.back()))
    return std::nullopt;
  return quoted(text, "is not a load balancer class such as kubernetes.dcos.io/edgelb");
}

std::optional<std::string> check_cluster_name(const std::string& text) {
  const auto blank = [](char c) { return static_cast<unsigned char>(c) <= 0x20 || c == 0x7f; };
  if (std::none_of(text.begin(), text.end(), blank))
    return std::nullopt;
  return "the name of a cluster holds no blanks";
}

} // namespace dklb::domain
