#pragma once

#include "tests/support/loopback_server.hpp"

#include <atomic>
#include <map>
#include <mutex>
#include <thread>
#include <unordered_map>

namespace dklb::support {

/// The event loop of loopback_server and exchange, on a thread of its own from start() to stop().
/// All threads send their commands through one queue, so that the bytes of a stream keep their
/// order.
class loopback_core : public std::enable_shared_from_this<loopback_core> {
public:
  explicit loopback_core(loopback_handler& handler);
  ~loopback_core();
  loopback_core(const loopback_core&) = delete;
  loopback_core& operator=(const loopback_core&) = delete;

  void start();
  void stop();
  int port() const { return port_; }
  /// Queues `action` for the loop's thread.
  void post(std::function<void()> action);
  /// Queues `action` and waits until it has run. On the loop's own thread, it runs at once.
  void run(const std::function<void()>& action);
  void after(std::chrono::milliseconds delay, std::function<void()> action);
  void listen();
  void close_everything();

  /// Sends bytes of a response. `last` ends the exchange; `cut` closes the connection afterwards.
  void send(std::uint64_t exchange_id, std::string bytes, bool last, bool cut);

private:
  struct connection {
    int fd = -1;
    std::string in;
    std::string out;
    std::size_t sent = 0;
    std::uint64_t exchange_id = 0; ///< 0: between two requests
    bool finished = false;         ///< the response is complete in `out`
    bool cut = false;              ///< close after `out` is sent
    bool continued = false;        ///< `100 Continue` was sent for the request that is being read
    bool wants_write = false;
  };

  void loop();
  void accept_all();
  void ready(int fd, std::uint32_t events);
  bool read_some(connection& peer);
  void serve_next(connection& peer);
  void deliver(std::uint64_t exchange_id, const std::string& bytes, bool last, bool cut);
  void flush(connection& peer);
  void watch_writable(connection& peer, bool wanted);
  void close(int fd);
  void drain_actions();
  int run_timers();

  loopback_handler& handler_;
  std::thread thread_;
  std::atomic<std::thread::id> loop_id_;
  int port_ = 0;
  int epoll_ = -1;
  int wake_ = -1;
  int listener_ = -1;
  bool running_ = true;
  std::uint64_t next_exchange_ = 1;
  std::unordered_map<int, connection> connections_;
  std::unordered_map<std::uint64_t, int> exchanges_; ///< exchange -> fd
  std::multimap<std::chrono::steady_clock::time_point, std::function<void()>> timers_;
  std::mutex mutex_;
  std::vector<std::function<void()>> actions_;
};

} // namespace dklb::support
