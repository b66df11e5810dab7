#pragma once

#include <chrono>
#include <cstddef>
#include <mutex>
#include <unordered_map>

namespace dklb::http::server {

/// The open connections of one listener. It knows which of them wait for their client, and ends the
/// one that has waited longest where a new connection finds no thread. Thread-safe.
class connection_table {
public:
  using clock = std::chrono::steady_clock;

  /// What a connection waits for: the first byte of a request, or the rest of one, or that the
  /// client takes the answer. A connection whose handler runs waits for nothing.
  enum class waiting { nothing, request, rest_of_request, answer_taken };

  /// `socket` stays open until remove().
  void add(int socket);
  void remove(int socket);
  /// The connection waits for its client, as it has since `since`. False where it is to end.
  bool begin_wait(int socket, waiting what, clock::time_point since);
  void end_wait(int socket);
  /// How many connections have no thread. As many others give way as soon as they wait for their
  /// clients: first those without a byte of a request, then the rest, the longest waiting first.
  void crowded(std::size_t without_thread);
  /// The listener ends: no connection waits for a request any more. Answers still go out.
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
  std::size_t ending_ = 0; ///< of the connections: have been ended and are still open
  bool closed_ = false;
};

} // namespace dklb::http::server
