#pragma once

#include "http/engine/byte_budget.hpp"
#include "http/engine/curl_handle.hpp"
#include "http/engine/engine.hpp"
#include "http/engine/stream_transfer.hpp"
#include "http/engine/target_queue.hpp"

#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

namespace dklb::http {

/// The engine's thread and what it owns. Other threads reach it through its inbox; it is woken only
/// where it sleeps, so a burst of sends costs one wake-up. Lives until the thread ends, which may
/// be after the `engine` has gone.
class engine_loop : public std::enable_shared_from_this<engine_loop> {
public:
  using clock = std::chrono::steady_clock;
  /// One of the three is set.
  struct command {
    std::unique_ptr<request_transfer> request;
    std::unique_ptr<stream_transfer> stream;
    std::function<void()> action;
  };

  explicit engine_loop(std::size_t answer_budget);
  engine_loop(const engine_loop&) = delete;
  engine_loop& operator=(const engine_loop&) = delete;

  // Any thread.
  void start();
  void join();
  void detach();
  bool on_thread() const { return thread_id_.load() == std::this_thread::get_id(); }
  /// False where the engine has ended; the command is then still the caller's.
  bool push(command& what);
  bool post(std::function<void()> action);
  target_id add_target(const target_settings& settings);
  void set_limits(target_id target, const target_limits& limits);
  /// Throws std::out_of_range where there is none.
  target_queue& find_target(target_id target) const;
  handle_id next_handle() { return next_handle_.fetch_add(1); }
  static domain::error engine_ended();

  // The engine's thread.
  /// Null where it has ended.
  stream_transfer* find_stream(handle_id stream) const;
  void end_stream(handle_id stream, const domain::error& failure);
  void add_timer(handle_id timer, clock::time_point when, std::function<void()> action);
  /// False where no such timer waits.
  bool cancel_timer(handle_id timer);
  void begin_stop(clock::time_point deadline);

private:
  /// In the order of their time, then of their start.
  using timer_key = std::pair<clock::time_point, handle_id>;
  struct multi_deleter {
    void operator()(CURLM* multi) const { (void)curl_multi_cleanup(multi); }
  };

  // All of the engine's thread.
  void run();
  bool turn();
  void take_commands();
  void run_timers();
  void drop_timers();
  void execute(command& what);
  bool start_waiting();
  bool start(std::unique_ptr<request_transfer> transfer, target_queue& queue);
  void open(std::unique_ptr<stream_transfer> stream);
  void wait();
  int wait_milliseconds();
  void perform();
  void take_finished();
  void conclude(CURL* easy, CURLcode code);
  std::unique_ptr<transfer> take_out(CURL* easy);
  void watch_silence(handle_id stream);
  void size_connection_cache();
  bool ended();
  void cancel_everything();

  mutable std::mutex mutex_; ///< guards inbox_, sleeping_, closed_ and the growth of targets_
  std::vector<command> inbox_;
  bool sleeping_ = false;
  bool closed_ = false;
  std::vector<std::unique_ptr<target_queue>> targets_;

  std::mutex join_mutex_;
  std::thread thread_;
  std::atomic<std::thread::id> thread_id_;
  std::atomic<handle_id> next_handle_{1};

  // All of the engine's thread.
  std::unique_ptr<CURLM, multi_deleter> multi_;
  easy_pool pool_;
  byte_budget answers_;               ///< outlives the transfers
  std::vector<target_queue*> queues_; ///< the targets, as far as the thread knows them
  std::vector<command> taken_;
  std::unordered_map<CURL*, std::unique_ptr<transfer>> active_;
  std::vector<std::unique_ptr<request_transfer>> concluded_; ///< are over and not told yet
  std::unordered_map<handle_id, stream_transfer*> streams_;
  std::map<timer_key, std::function<void()>> timers_;
  bool stopping_ = false;
  clock::time_point stop_deadline_;
};

} // namespace dklb::http
