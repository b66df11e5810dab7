#pragma once

#include "http/engine/byte_budget.hpp"
#include "http/engine/curl_handle.hpp"
#include "http/engine/engine.hpp"
#include "http/engine/stream_transfer.hpp"
#include "http/engine/target_queue.hpp"
#include "http/engine/timer_list.hpp"

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <vector>

namespace dklb::http {

/// What stands behind `engine`: an inbox that any thread fills, and one thread that owns everything
/// else. The thread is woken only where it sleeps, so a burst of sends costs one wake-up.
class engine_loop : public std::enable_shared_from_this<engine_loop> {
public:
  using clock = std::chrono::steady_clock;

  explicit engine_loop(std::size_t answer_budget);
  ~engine_loop();
  engine_loop(const engine_loop&) = delete;
  engine_loop& operator=(const engine_loop&) = delete;

  void start();
  void stop(std::chrono::milliseconds grace);
  /// Ends the thread, or lets it end by itself where the caller is that thread.
  void shut_down();

  target_id add_target(const target_settings& settings);
  void set_limits(target_id target, std::size_t max_in_flight, double queries_per_second,
                  int burst);
  void send(target_id target, std::shared_ptr<const endpoint> where, request what, completion done);
  handle_id open_stream(std::shared_ptr<const endpoint> where, request what, stream_handler handler,
                        std::chrono::milliseconds idle_timeout);
  void pause_stream(handle_id stream);
  void resume_stream(handle_id stream);
  void cancel_stream(handle_id stream);
  handle_id after(std::chrono::milliseconds delay, std::function<void()> action);
  void cancel_timer(handle_id timer);
  bool post(std::function<void()> action);
  target_statistics statistics(target_id target) const;

private:
  /// One of the three is set.
  struct command {
    std::unique_ptr<request_transfer> request;
    std::unique_ptr<stream_transfer> stream;
    std::function<void()> action;
  };
  struct multi_deleter {
    void operator()(CURLM* multi) const { (void)curl_multi_cleanup(multi); }
  };

  bool on_thread() const;
  target_queue* find_target(target_id target) const;
  /// False where the engine has ended; the command is then still the caller's.
  bool push(command& what);

  void run();
  // Everything below is of the engine's thread.
  bool turn();
  void take_commands();
  void execute(command& what);
  bool start_waiting();
  bool start(std::unique_ptr<request_transfer> transfer, target_queue& queue);
  void open(std::unique_ptr<stream_transfer> stream);
  void wait();
  int wait_milliseconds();
  void perform();
  void take_finished();
  void conclude(CURL* easy, CURLcode code);
  std::unique_ptr<transfer> detach(CURL* easy);
  stream_transfer* find_stream(handle_id stream);
  void end_stream(handle_id stream, const domain::error& failure);
  void watch_silence(handle_id stream);
  void size_connection_cache();
  void begin_stop(clock::time_point deadline);
  bool ended();
  void cancel_everything();
  static domain::error engine_ended();

  mutable std::mutex mutex_; ///< guards inbox_, sleeping_, closed_ and the growth of targets_
  std::vector<command> inbox_;
  bool sleeping_ = false;
  bool closed_ = false;
  std::vector<std::unique_ptr<target_queue>> targets_;

  std::mutex join_mutex_;
  std::thread thread_;
  std::atomic<std::thread::id> thread_id_;
  std::atomic<handle_id> next_handle_{1};

  // Everything below is of the engine's thread.
  std::unique_ptr<CURLM, multi_deleter> multi_;
  easy_pool pool_;
  byte_budget answers_;               ///< outlives the transfers
  std::vector<target_queue*> queues_; ///< the targets, as far as the thread knows them
  std::vector<command> taken_;
  std::unordered_map<CURL*, std::unique_ptr<transfer>> active_;
  std::vector<std::unique_ptr<request_transfer>> concluded_; ///< are over and not told yet
  std::unordered_map<handle_id, stream_transfer*> streams_;
  timer_list timers_;
  bool stopping_ = false;
  clock::time_point stop_deadline_;
};

} // namespace dklb::http
