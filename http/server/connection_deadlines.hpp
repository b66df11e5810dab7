#pragma once

#include <openssl/ssl.h>

#include <chrono>
#include <functional>
#include <mutex>
#include <unordered_map>

namespace dklb::http::server {

/// Cuts TLS connections whose handshake or next request takes too long as a whole, however steadily
/// the bytes trickle in. Thread-safe; has to outlive the connections.
class connection_deadlines {
public:
  using clock = std::chrono::steady_clock;

  /// `handshake_and_request`: from the handshake's begin to the first answer; `between_answers`:
  /// from one answer to the next, idle time included.
  connection_deadlines(std::chrono::milliseconds handshake_and_request,
                       std::chrono::milliseconds between_answers);

  /// Follows every connection of this context from its handshake until it is freed.
  void follow(SSL_CTX& context);
  /// An answer went out: the next request has its time from now on.
  void answered(const SSL* connection);
  /// Ends those that are overdue.
  void cut_overdue(clock::time_point now);
  /// Ends all of them for reading: what waits for a request ends, an answer still goes out.
  void cut_idle();
  std::size_t size() const;

private:
  struct entry {
    int descriptor = -1;
    clock::time_point until;
  };
  /// The OpenSSL slot that leads from a connection to its object of this class.
  static int slot();
  static void on_state(const SSL* connection, int where, int value);
  void add(const SSL* connection);
  void remove(const SSL* connection);

  std::chrono::milliseconds handshake_and_request_;
  std::chrono::milliseconds between_answers_;
  mutable std::mutex mutex_;
  std::unordered_map<const SSL*, entry> connections_;
};

} // namespace dklb::http::server
