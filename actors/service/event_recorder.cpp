#include "actors/service/event_recorder.hpp"

#include "actors/base/sure_reply.hpp"
#include "http/kube/denial.hpp"

#include <nlohmann/json.hpp>

#include <chrono>
#include <utility>

namespace dklb::actors {

using namespace messages;

namespace {

constexpr std::size_t queue_limit = 1000;
/// Most of these wait in the engine until nothing else is to be sent, a quarter of a second at
/// most: a thousand events a second when it is never quiet.
constexpr std::size_t most_in_flight = 256;
/// Between two tries to learn which API there is.
constexpr domain::backoff_settings find_delays{milliseconds{1000}, milliseconds{30000}, 2.0, 0.0};

http::kube::event_note to_note(const record_event& what) {
  http::kube::event_note out;
  out.about.kind = what.kind;
  out.about.name_space = what.service.name_space;
  out.about.name = what.service.name;
  out.about.uid = what.uid;
  out.type = what.warning ? http::kube::event_type::warning : http::kube::event_type::normal;
  out.reason = what.reason;
  out.action = "Provision";
  out.note = what.message;
  return out;
}

} // namespace

void event_recorder_state::start(runtime_ptr shared, kube_gateway_actor kube,
                                 http::kube::event_settings settings, event_api_finder find_api) {
  enlist(self_, std::move(shared), nullptr, "event_recorder", "");
  kube_ = std::move(kube);
  settings_ = std::move(settings);
  find_api_ = std::move(find_api);
}

void event_recorder_state::directory_changed(const messages::directory_changed& what) {
  kube_ = what.handles->kube;
}

void event_recorder_state::record(const record_event& what) {
  if (queue_.size() == queue_limit) {
    if (dropped_++ % queue_limit == 0)
      run->log->warn("events are dropped: {} wait already", queue_limit);
    return;
  }
  queue_.push_back(what);
  pump();
}

void event_recorder_state::find_api() {
  if (std::exchange(asking_, true))
    return;
  using outcome_type = domain::result<http::kube::event_api>;
  find_api_(sure_reply{[this, me = event_recorder_actor{self_}](outcome_type outcome) {
    caf::anon_send(me,
                   call_completed{[this, outcome = std::move(outcome)] { api_found(outcome); }});
  }});
}

void event_recorder_state::find_api_again() {
  asking_ = false;
  find_api();
}

void event_recorder_state::api_found(const domain::result<http::kube::event_api>& outcome) {
  if (outcome)
    settings_.api = *outcome;
  else if (!http::kube::denial_of(outcome.failure())) {
    self_->delayed_send(self_, backoff_.next(find_delays, outcome.failure().retry_after), tick{});
    return;
  }
  // Whoever may not even ask is not told what there is; every server since 1.19 has the new one.
  series_.emplace(settings_);
  pump();
}

void event_recorder_state::pump() {
  if (!series_)
    return find_api();
  while (in_flight_ < most_in_flight && !queue_.empty()) {
    auto write = series_->record(
      to_note(queue_.front()),
      std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now()), now(self_));
    queue_.pop_front();
    if (!write)
      continue;
    ++in_flight_;
    auto& request = write->request;
    ask<event_answer>(
      self_, kube_, gateway_deadline(run->concurrency().kubernetes_timeout),
      send_event{std::move(request.method), std::move(request.path),
                 std::move(request.content_type), std::move(request.body)},
      [this, key = write->key](const event_answer& answer) { answered(key, answer.outcome); },
      [this, key = write->key](const caf::error& problem) { answered(key, to_domain(problem)); });
  }
}

void event_recorder_state::answered(std::uint64_t key,
                                    const domain::result<domain::unit>& outcome) {
  --in_flight_;
  if (!outcome) {
    failed(outcome.failure().message);
    series_->failed(key, outcome.failure());
    run->log->debug("event not written: {}", outcome.failure().message);
  }
  pump();
}

event_recorder_actor::behavior_type event_recorder(event_recorder_state::self_pointer self,
                                                   runtime_ptr run, kube_gateway_actor kube,
                                                   http::kube::event_settings settings,
                                                   event_api_finder find_api) {
  auto& state = self->state;
  state.start(std::move(run), std::move(kube), std::move(settings), std::move(find_api));
  return {
    [&state, self](const describe&) { return state.describe(self); },
    [&state](const record_event& what) { counted(state).record(what); },
    [&state](const directory_changed& what) { counted(state).directory_changed(what); },
    [&state](const call_completed& call) {
      state.count();
      call.deliver();
    },
    [&state](const tick&) { counted(state).find_api_again(); },
  };
}

} // namespace dklb::actors
