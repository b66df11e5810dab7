#pragma once

#include "domain/base/error.hpp"
#include "edgelb/haproxy/descriptor.hpp"

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <string>
#include <string_view>

namespace dklb::edgelb {

/// The longest path at which HAProxy can make a socket: it first binds a longer temporary name.
inline constexpr std::size_t longest_socket_path = 97;

/// A connection to HAProxy's control socket that takes one command after the other, so that all of
/// them reach the same process: during a reload two of them may accept connections there.
class control_connection {
public:
  /// Connects. Each step of this and of ask() takes at most `limit`.
  static domain::result<control_connection> open(const std::filesystem::path& socket,
                                                 std::chrono::milliseconds limit);

  /// The answer to one command, without the blank lines around it.
  domain::result<std::string> ask(std::string_view command);
  /// The number of the process at the other end; an error where it does not say.
  domain::result<pid_t> pid();

private:
  control_connection(descriptor connection, std::string path)
    : connection_(std::move(connection)), path_(std::move(path)) {}

  descriptor connection_;
  std::string path_;
};

} // namespace dklb::edgelb
