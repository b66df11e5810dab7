#pragma once

#include "actors/base/timers.hpp"

#include <caf/execution_unit.hpp>
#include <caf/fwd.hpp>
#include <caf/resumable.hpp>
#include <caf/scheduler/abstract_coordinator.hpp>

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace dklb::actors {

/// Runs the actors on `scheduler.max-threads` threads that share one queue, first come, first
/// served but for the preferred, and wakes no more of them than are needed: an actor that makes
/// another one ready does not wake a second thread for it while few are waiting, because its own
/// thread comes to them before another one is awake. What comes from outside (a timer, an HTTP
/// request) always finds a thread that is awake or wakes one, so an actor that never returns holds
/// up nothing but the few that it made ready, and those until then. The thread that slept last is
/// woken first; its caches are warm. A thread from outside that makes many ready in a row (the
/// network's) may announce it, and then either runs them itself or has one thread woken for all.
/// Why CAF's own schedulers are not used: docs/decisions/scheduler.md. Loaded with
/// `caf::actor_system_config::load<scheduler>()`; keys `scheduler.max-threads` and
/// `scheduler.max-throughput` of CAF take effect. `enqueue` may be called from any thread.
class scheduler : public caf::scheduler::abstract_coordinator {
public:
  /// Jobs of actors that may wait before one more thread is woken for them.
  static constexpr std::size_t few = 4;
  /// The same while a thread from outside is expected.
  static constexpr std::size_t many = 64;

  /// For caf::actor_system_config::load.
  static caf::actor_system::module* make(caf::actor_system& system, caf::detail::type_list<>);

  void enqueue(caf::resumable* job) override;
  caf::actor_clock& clock() noexcept override { return clock_; }

  /// From now on this actor goes ahead of all others that wait. For the few that hand requests to
  /// the network, so that a server is at work while the rest is done.
  void prefer(const caf::strong_actor_ptr& actor);

  /// True: the calling thread, which is none of the scheduler's, makes actors ready and says when
  /// that is over, or runs them with run_one(). False: it is over; what waits gets a thread.
  void expect(bool more);
  /// Runs an actor that waits on the calling thread; false where none does.
  bool run_one();

protected:
  void start() override;
  /// Runs what is queued to its end before the threads end.
  void stop() override;

private:
  struct unit;
  struct worker;

  explicit scheduler(caf::actor_system& system);

  /// Wakes a thread when more than `most` jobs wait, one that is on its way not counted.
  void push(caf::resumable* job, std::size_t most);
  /// The next job; nothing once the scheduler stops and none is left.
  caf::resumable* take(worker& self);
  caf::resumable* pop();
  void run(worker& self);
  void resume(caf::resumable* job, unit& on);
  /// A sleeping thread that is to be notified once `mutex_` is free.
  worker* call_one();

  timers clock_;
  std::vector<std::unique_ptr<worker>> workers_;

  std::mutex mutex_; ///< guards all below and the workers' flags
  std::deque<caf::resumable*> queue_;
  std::vector<const caf::resumable*> preferred_;
  std::vector<worker*> sleeping_;
  std::size_t coming_ = 0; ///< threads that were called and have not looked at the queue yet
  bool stopping_ = false;
};

} // namespace dklb::actors
