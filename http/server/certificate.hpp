#pragma once

#include "domain/base/error.hpp"

#include <openssl/ssl.h>

#include <chrono>
#include <memory>
#include <mutex>
#include <string>

namespace dklb::http::server {

/// A certificate chain with its key. Immutable.
struct key_pair;

/// The certificate and key of a TLS server, reloaded when their files change. New files that cannot
/// be used are logged, and the last valid pair stays in use. Shared by the listener, which calls
/// refresh(), and the readiness page. Thread-safe.
/// Source: docs/operations.md, "The webhook's certificate".
class certificate {
public:
  /// Reads both PEM files. The error names the file and the cause.
  static domain::result<std::shared_ptr<certificate>> load(std::string certificate_file,
                                                           std::string key_file);

  /// Reads the files again if they have changed: a Secret's `..data` was swapped, or a file was
  /// written. Warns once of an expired certificate.
  void refresh();
  /// Makes every handshake of this context use the present pair. This object must outlive the
  /// context's connections.
  void serve(SSL_CTX& context);
  /// Why the newest files are not in use, "" if they are.
  std::string trouble() const;
  /// When the certificate in use expires (notAfter).
  std::chrono::system_clock::time_point expires() const;

private:
  certificate(std::string certificate_file, std::string key_file)
    : certificate_file_(std::move(certificate_file)), key_file_(std::move(key_file)) {}

  /// Identities, sizes and times of both files, to detect a change.
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
