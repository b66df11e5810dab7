#include "domain/base/host_header.hpp"

#include "domain/base/ip_address.hpp"

#include <algorithm>
#include <cctype>

namespace dklb::domain {

namespace {

bool same_name(std::string_view left, std::string_view right) {
  const auto lower = [](char c) { return std::tolower(static_cast<unsigned char>(c)); };
  return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                    [&](char a, char b) { return lower(a) == lower(b); });
}

} // namespace

bool is_own_host(std::string_view header, const std::vector<std::string>& names) {
  if (header.empty())
    return true;
  if (header.front() == '[') {
    const auto end = header.find(']');
    return end != std::string_view::npos && is_ipv6(std::string{header.substr(1, end - 1)});
  }
  auto host = header.substr(0, header.find(':'));
  if (host.ends_with('.'))
    host.remove_suffix(1);
  return is_ipv4(std::string{host}) || same_name(host, "localhost")
         || std::any_of(names.begin(), names.end(), [&](const std::string& name) {
              return !name.empty() && same_name(host, name);
            });
}

} // namespace dklb::domain
