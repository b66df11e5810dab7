#pragma once

#include "domain/error.hpp"

#include <chrono>
#include <filesystem>
#include <string>
#include <string_view>

namespace dklb::sandbox::edgelb {

/// The longest path at which HAProxy can make a socket: it first binds a longer temporary name.
inline constexpr std::size_t longest_socket_path = 97;

/// Sends one command to HAProxy's control socket and returns the whole answer. Blocks at most
/// `limit` between two pieces of it.
domain::result<std::string> ask_haproxy(const std::filesystem::path& socket,
                                        std::string_view command, std::chrono::milliseconds limit);

} // namespace dklb::sandbox::edgelb
