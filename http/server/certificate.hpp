#pragma once

#include "domain/base/error.hpp"

#include <openssl/ssl.h>

#include <memory>
#include <mutex>
#include <string>

namespace dklb::http::server {

/// A certificate chain with its key, ready for use. Immutable.
struct key_pair;

/// The pair that a server shows, kept up to date with its two files. A pair that cannot be used is
/// told in the log, and the last good one stays. Thread-safe.
/// Source: docs/operations.md, "The webhook's certificate".
class certificate {
public:
  /// Reads both PEM files; an error names the file and what is wrong with it.
  static domain::result<std::shared_ptr<certificate>> load(std::string certificate_file,
                                                           std::string key_file);

  /// Reads the files again where they are not the ones that were read last (a Secret's `..data` was
  /// swapped, a file was written), and warns once of a certificate that has expired.
  void refresh();
  /// Lets every handshake of this context take the pair of its moment.
  void serve(SSL_CTX& context);
  /// Why the newest files are not in use, "" where they are.
  std::string trouble() const;

private:
  certificate(std::string certificate_file, std::string key_file)
    : certificate_file_(std::move(certificate_file)), key_file_(std::move(key_file)) {}

  /// What tells one state of the two files from another.
  std::string signature() const;
  void take(std::shared_ptr<const key_pair> pair, const std::string& signature);
  void warn_of_expiry(const key_pair& pair);

  const std::string certificate_file_;
  const std::string key_file_;
  mutable std::mutex mutex_;
  std::shared_ptr<const key_pair> pair_;
  std::string signature_;
  std::string trouble_;
  bool warned_ = false;
};

} // namespace dklb::http::server
