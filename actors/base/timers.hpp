#pragma once

#include <caf/detail/simple_actor_clock.hpp>

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

namespace dklb::actors {

/// Delayed messages and time-outs of the actors, on a thread of its own that is woken only for what
/// is due before all else: the library's clock is woken for each timer that is set, of which
/// thousands never run (docs/decisions/scheduler.md). Any thread.
class timers : public caf::detail::simple_actor_clock {
public:
  /// Wraps a thread's body: what each of the system's threads begins and ends with.
  using thread_maker = std::function<std::thread(const char* name, std::function<void()> body)>;

  void start(const thread_maker& make);
  /// Drops what is left.
  void stop();

  void set_ordinary_timeout(time_point t, caf::abstract_actor* self, caf::atom_value type,
                            uint64_t id) override;
  void set_multi_timeout(time_point t, caf::abstract_actor* self, caf::atom_value type,
                         uint64_t id) override;
  void set_request_timeout(time_point t, caf::abstract_actor* self, caf::message_id id) override;
  void cancel_ordinary_timeout(caf::abstract_actor* self, caf::atom_value type) override;
  void cancel_request_timeout(caf::abstract_actor* self, caf::message_id id) override;
  void cancel_timeouts(caf::abstract_actor* self) override;
  void schedule_message(time_point t, caf::strong_actor_ptr receiver,
                        caf::mailbox_element_ptr content) override;
  void schedule_message(time_point t, caf::group target, caf::strong_actor_ptr sender,
                        caf::message content) override;
  void cancel_all() override;

private:
  template <class Change>
  void change(Change what);
  void run();

  std::mutex mutex_; ///< guards what is scheduled and all below
  std::condition_variable earlier_;
  time_point awaited_ = time_point::max(); ///< when the thread wakes up by itself
  bool stopping_ = false;
  std::thread thread_;
};

} // namespace dklb::actors
