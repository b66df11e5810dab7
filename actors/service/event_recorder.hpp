#pragma once

#include "actors/base/base.hpp"
#include "domain/base/retry_policy.hpp"
#include "http/kube/events.hpp"

#include <deque>
#include <functional>
#include <optional>
#include <string>

namespace dklb::actors {

/// Asks the API server which event API it has; the reply may come on any thread.
using event_api_finder = std::function<void(http::kube::reply<http::kube::event_api> done)>;

/// Writes Kubernetes events, low in priority, from a bounded queue that drops when full. Repeats of
/// an event become a series; each object has a token bucket. The server is asked for its event API
/// when the first event is to be written. Losing an event fails nothing else.
class event_recorder_state : public actor_base {
public:
  using self_pointer = messages::event_recorder_actor::stateful_pointer<event_recorder_state>;
  explicit event_recorder_state(self_pointer self) : self_(self) {}

  void start(runtime_ptr shared, messages::kube_gateway_actor kube,
             http::kube::event_settings settings, event_api_finder find_api);
  void record(const messages::record_event& what);
  void directory_changed(const messages::directory_changed& what);

  void find_api_again();

private:
  void find_api();
  void api_found(const domain::result<http::kube::event_api>& outcome);
  void pump();
  void answered(std::uint64_t key, const domain::result<domain::unit>& outcome);

  self_pointer self_;
  messages::kube_gateway_actor kube_;
  std::deque<messages::record_event> queue_;
  http::kube::event_settings settings_;
  event_api_finder find_api_;
  domain::backoff backoff_;
  bool asking_ = false;
  std::optional<http::kube::event_series> series_; ///< once the API is known
  std::size_t in_flight_ = 0;
  std::uint64_t dropped_ = 0;
};

messages::event_recorder_actor::behavior_type
event_recorder(event_recorder_state::self_pointer self, runtime_ptr run,
               messages::kube_gateway_actor kube, http::kube::event_settings settings,
               event_api_finder find_api);

} // namespace dklb::actors
