#pragma once

#include "edgelb/haproxy/files.hpp"

#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace dklb::edgelb {

/// The tokens in a file's text: one per line, trimmed.
std::vector<std::string> tokens_in(const std::string& text);

/// The valid tokens of callers, from a file. The file is read again when it changes, so that a
/// token can be rotated without a restart. Tokens never reach logs or errors. Thread-safe.
class token_file {
public:
  /// With an empty `path`, no token is needed. A file that cannot be read or has no token is an
  /// error.
  static domain::result<std::unique_ptr<token_file>> open(const std::filesystem::path& path);

  /// True if the Authorization header is `Bearer <token>` or `token=<token>` with a valid token.
  /// The bytes are compared as received.
  bool allows(std::string_view authorization);

private:
  explicit token_file(std::filesystem::path path) : file_(std::move(path)) {}
  domain::result<domain::unit> read();

  std::mutex mutex_;
  watched_file file_;
  std::vector<std::string> tokens_;
};

} // namespace dklb::edgelb
