#pragma once

#include <map>
#include <string>
#include <string_view>

namespace dklb::edgelb {

/// IP addresses by host name.
using host_addresses = std::map<std::string, std::string>;

/// Parses a hosts file: each host name with its first address in the file.
host_addresses hosts_in(std::string_view text);

/// Reads /etc/hosts. Empty if it cannot be read.
host_addresses read_hosts_file();

} // namespace dklb::edgelb
