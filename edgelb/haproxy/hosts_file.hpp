#pragma once

#include <map>
#include <string>
#include <string_view>

namespace dklb::edgelb {

/// Addresses by host name.
using host_addresses = std::map<std::string, std::string>;

/// The names of a hosts file, each with the first address that the file gives it.
host_addresses hosts_in(std::string_view text);

/// The names of /etc/hosts as it is now; empty where it cannot be read.
host_addresses read_hosts_file();

} // namespace dklb::edgelb
