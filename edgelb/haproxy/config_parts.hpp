#pragma once

#include <chrono>
#include <map>
#include <string>
#include <string_view>

namespace dklb::edgelb {

/// Server lines of a configuration, by `backend/server`: the address and the options, without the
/// word `server`.
using server_lines = std::map<std::string, std::string>;

/// A configuration, split into its server lines and everything else.
struct config_parts {
  /// Everything else, without comments: HAProxy does not see them.
  std::string frame;
  server_lines servers;
  /// True if a section has options that HAProxy does not give to a server that is added at runtime.
  bool has_default_server = false;
  /// How long connections to a server go on after it has left its backend, by backend. From the
  /// comment `# drain 30s` in the backend; a backend without one sets no limit.
  std::map<std::string, std::chrono::milliseconds> drains;
};

config_parts parts_of(std::string_view configuration);

/// The backend in `backend/server`.
std::string backend_of(const std::string& key);

/// The servers of `running` that `wanted` does not have, and whose backend limits how long their
/// connections go on; by `backend/server`. The limit is the wanted one; if the backend goes too,
/// the running one.
std::map<std::string, std::chrono::milliseconds> limited_leavers(std::string_view running,
                                                                 std::string_view wanted);

} // namespace dklb::edgelb
