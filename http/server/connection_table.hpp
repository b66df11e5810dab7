#pragma once

#include <chrono>
#include <cstddef>
#include <mutex>
#include <unordered_map>

namespace dklb::http::server {

/// The open connections of one listener, and the state of each. If a new connection finds no free
/// thread, it ends the one that has waited longest for its client. Thread-safe.
class connection_table {
public:
  using clock = std::chrono::steady_clock;

  /// The event that a connection waits for: the first byte of a request, its other bytes, or that
  /// the client reads the response. While a handler runs: nothing.
  enum class waiting { nothing, request, rest_of_request, answer_taken };

  /// `socket` stays open until remove().
  void add(int socket);
  void remove(int socket);
  /// The connection waits for its client, since `since`. False if it must end instead.
  bool begin_wait(int socket, waiting what, clock::time_point since);
  void end_wait(int socket);
  /// True if a response without an end must stop: the table is closed, or the connection was ended.
  bool must_end(int socket);
  /// Sets the number of new connections without a thread. The same number of others must end when
  /// they wait for their clients: first those without a byte of a request, then the rest. In each
  /// group, the longest waiting ends first.
  void crowded(std::size_t without_thread);
  /// The listener ends: connections that wait for a request end. Responses still go out.
  void close();

private:
  struct entry {
    waiting what = waiting::nothing;
    clock::time_point since;
    bool ended = false;
  };

  void make_room();
  void end(int socket, entry& item);

  std::mutex mutex_;
  std::unordered_map<int, entry> connections_;
  std::size_t without_thread_ = 0;
  std::size_t ending_ = 0; ///< connections that were ended and are still open
  bool closed_ = false;
};

} // namespace dklb::http::server
