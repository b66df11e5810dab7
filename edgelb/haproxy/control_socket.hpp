#pragma once

#include "domain/base/error.hpp"
#include "edgelb/haproxy/descriptor.hpp"

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <string>
#include <string_view>

namespace dklb::edgelb {

/// The longest path of a control socket, in bytes. HAProxy first binds a longer temporary name.
inline constexpr std::size_t longest_socket_path = 97;

/// A connection to HAProxy's control socket. It sends several commands over one connection, so that
/// all reach the same process: during a reload, two processes may accept connections there. Not
/// thread-safe.
class control_connection {
public:
  /// Connects. Each send and each receive, here and in ask(), takes at most `limit`.
  static domain::result<control_connection> open(const std::filesystem::path& socket,
                                                 std::chrono::milliseconds limit);

  /// Sends a command and returns its answer, trimmed.
  domain::result<std::string> ask(std::string_view command);
  /// The PID of the process at the other end. An error if its answer has none.
  domain::result<pid_t> pid();

private:
  control_connection(descriptor connection, std::string path)
    : connection_(std::move(connection)), path_(std::move(path)) {}

  descriptor connection_;
  std::string path_;
};

} // namespace dklb::edgelb
