#pragma once

#include "actors/base.hpp"
#include "http/kube/events.hpp"

#include <deque>
#include <string>
#include <unordered_set>

namespace dklb::actors {

/// Writes Kubernetes events, low in priority, from a bounded queue that drops when full. Repeats of
/// an event become a series; each object has a token bucket. Losing an event fails nothing else.
class event_recorder_state : public actor_base {
public:
  using self_pointer = messages::event_recorder_actor::stateful_pointer<event_recorder_state>;
  explicit event_recorder_state(self_pointer self) : self_(self) {}

  void start(runtime_ptr shared, messages::kube_gateway_actor kube,
             http::kube::event_settings settings);
  void record(const messages::record_event& what);
  void directory_changed(const messages::directory_changed& what);

private:
  void pump();
  void answered(std::uint64_t key, const domain::result<messages::json_ptr>& outcome);

  self_pointer self_;
  messages::kube_gateway_actor kube_;
  std::deque<messages::record_event> queue_;
  http::kube::event_series series_{{}};
  std::size_t in_flight_ = 0;
  std::uint64_t dropped_ = 0;
};

messages::event_recorder_actor::behavior_type
event_recorder(event_recorder_state::self_pointer self, runtime_ptr run,
               messages::kube_gateway_actor kube, http::kube::event_settings settings);

} // namespace dklb::actors
