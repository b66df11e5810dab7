#include "edgelb/haproxy/hosts_file.hpp"

#include "edgelb/haproxy/files.hpp"
#include "edgelb/pools/agents.hpp"

#include <sstream>

namespace dklb::edgelb {

host_addresses hosts_in(std::string_view text) {
  host_addresses found;
  std::istringstream whole{std::string(text)};
  for (std::string line; std::getline(whole, line);) {
    std::istringstream words(line.substr(0, line.find('#')));
    std::string address;
    words >> address;
    if (!is_address(address))
      continue;
    for (std::string name; words >> name;)
      found.emplace(name, address);
  }
  return found;
}

host_addresses read_hosts_file() {
  const auto text = read_file("/etc/hosts");
  return text ? hosts_in(*text) : host_addresses{};
}

} // namespace dklb::edgelb
