#pragma once

#include "edgelb/haproxy/files.hpp"

#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace dklb::edgelb {

/// The tokens of a file's text: one a line, without the blanks around it.
std::vector<std::string> tokens_in(const std::string& text);

/// The tokens that callers may carry, one per line of a file that is read again when it changes, so
/// that a token can be rotated without a restart. Thread-safe. Tokens never reach logs or errors.
class token_file {
public:
  /// `path` empty: everybody may call. A file that cannot be read or holds no token is an error.
  static domain::result<std::unique_ptr<token_file>> open(const std::filesystem::path& path);

  /// True for `Bearer <token>` and `token=<token>` with a token of the file. The header's bytes are
  /// compared as they came.
  bool allows(std::string_view authorization);

private:
  explicit token_file(std::filesystem::path path) : file_(std::move(path)) {}
  domain::result<domain::unit> read();

  std::mutex mutex_;
  watched_file file_;
  std::vector<std::string> tokens_;
};

} // namespace dklb::edgelb
