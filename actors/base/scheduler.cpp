#include "actors/base/scheduler.hpp"

#include <caf/abstract_actor.hpp>
#include <caf/actor_cast.hpp>
#include <caf/actor_control_block.hpp>
#include <caf/actor_system.hpp>
#include <caf/detail/set_thread_name.hpp>

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <functional>
#include <utility>

namespace dklb::actors {

/// What actors run on; what they make ready goes into the shared queue.
struct scheduler::unit : caf::execution_unit {
  explicit unit(scheduler& owner) : execution_unit(&owner.system()), parent(&owner) {}

  void exec_later(caf::resumable* job) override { parent->push(job, few); }

  scheduler* parent;
};

/// A thread of the scheduler's.
struct scheduler::worker : unit {
  using unit::unit;

  std::thread thread;
  std::condition_variable wake;
  bool called = false;
};

namespace {

/// Where all want a processor, the network's thread, which everything waits for, gets more of it
/// than the actors: about twice as much. Linux has this per thread.
constexpr int niceness = 3;

void give_way() {
  (void)::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()),
                      ::getpriority(PRIO_PROCESS, 0) + niceness);
}

/// Whether this thread makes more ready, or will run it.
thread_local bool expected = false;

std::thread named_thread(caf::actor_system& system, const char* name, std::function<void()> body) {
  return std::thread{[&system, name, body = std::move(body)] {
    caf::detail::set_thread_name(name);
    system.thread_started();
    body();
    system.thread_terminates();
  }};
}

} // namespace

caf::actor_system::module* scheduler::make(caf::actor_system& system, caf::detail::type_list<>) {
  return new scheduler(system); // owned by the system
}

scheduler::scheduler(caf::actor_system& system) : abstract_coordinator(system) {}

void scheduler::start() {
  for (std::size_t i = 0; i < num_workers(); ++i)
    workers_.push_back(std::make_unique<worker>(*this));
  for (const auto& each : workers_)
    each->thread = named_thread(system(), "dklb-actors", [this, self = each.get()] {
      give_way();
      run(*self);
    });
  clock_.start([this](const char* name, std::function<void()> body) {
    return named_thread(system(), name, std::move(body));
  });
  abstract_coordinator::start();
}

void scheduler::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  for (const auto& each : workers_)
    each->wake.notify_one();
  for (const auto& each : workers_)
    each->thread.join();
  stop_actors();
  clock_.stop();
  // What came after the last thread had looked.
  for (auto* const job : queue_)
    cleanup_and_release(job);
  queue_.clear();
}

void scheduler::enqueue(caf::resumable* job) {
  push(job, expected ? many : 0);
}

void scheduler::prefer(const caf::strong_actor_ptr& actor) {
  const auto* const job =
    dynamic_cast<const caf::resumable*>(caf::actor_cast<caf::abstract_actor*>(actor));
  const std::lock_guard lock(mutex_);
  preferred_.push_back(job);
}

void scheduler::expect(bool more) {
  if (std::exchange(expected, more) == more || more)
    return;
  worker* called = nullptr;
  {
    const std::lock_guard lock(mutex_);
    if (!queue_.empty() && coming_ == 0)
      called = call_one();
  }
  if (called != nullptr)
    called->wake.notify_one();
}

bool scheduler::run_one() {
  caf::resumable* job = nullptr;
  {
    const std::lock_guard lock(mutex_);
    if (queue_.empty())
      return false;
    job = pop();
  }
  unit here{*this};
  resume(job, here);
  return true;
}

void scheduler::push(caf::resumable* job, std::size_t most) {
  worker* called = nullptr;
  {
    const std::lock_guard lock(mutex_);
    if (std::ranges::find(preferred_, job) == preferred_.end())
      queue_.push_back(job);
    else
      queue_.push_front(job);
    if (queue_.size() > (coming_ == 0 ? most : few))
      called = call_one();
  }
  // Not under the lock, or it would wake up only to wait for that.
  if (called != nullptr)
    called->wake.notify_one();
}

scheduler::worker* scheduler::call_one() {
  if (sleeping_.empty())
    return nullptr;
  auto* const last = sleeping_.back();
  sleeping_.pop_back();
  last->called = true;
  ++coming_;
  return last;
}

caf::resumable* scheduler::take(worker& self) {
  worker* called = nullptr;
  caf::resumable* job = nullptr;
  {
    std::unique_lock lock(mutex_);
    while (queue_.empty()) {
      if (stopping_)
        return nullptr;
      sleeping_.push_back(&self);
      self.wake.wait(lock, [&] { return self.called || stopping_; });
      if (std::exchange(self.called, false))
        --coming_;
      else
        std::erase(sleeping_, &self);
    }
    job = pop();
    if (coming_ == 0 && queue_.size() > few)
      called = call_one();
  }
  if (called != nullptr)
    called->wake.notify_one();
  return job;
}

caf::resumable* scheduler::pop() {
  auto* const job = queue_.front();
  queue_.pop_front();
  return job;
}

void scheduler::run(worker& self) {
  while (auto* const job = take(self))
    resume(job, self);
}

void scheduler::resume(caf::resumable* job, unit& on) {
  if (job->resume(&on, max_throughput()) == caf::resumable::resume_later)
    push(job, few);
  else
    intrusive_ptr_release(job);
}

} // namespace dklb::actors
