#include "actors/leadership/leader_elector.hpp"

#include "actors/base/sure_reply.hpp"
#include "domain/config/config.hpp"

#include <algorithm>
#include <utility>

namespace dklb::actors {

using namespace messages;
using domain::lease_action;

namespace {

constexpr const char* trouble_source = "leader election";

domain::lease_record::wall_time wall_now() {
  return std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now());
}

} // namespace

/// A reply function for the lease store that brings its outcome into the actor's own context.
template <class Outcome, class Handler>
auto leader_elector_state::reply_to(Handler handler) {
  return sure_reply{[me = leader_elector_actor{self_},
                     handler = std::move(handler)](Outcome outcome) {
    caf::anon_send(me, call_completed{[handler = handler, outcome = std::move(outcome)]() mutable {
                     handler(outcome);
                   }});
  }};
}

void leader_elector_state::start(elector_arguments arguments) {
  arguments_ = std::move(arguments);
  enlist(self_, arguments_.run, nullptr, "leader_elector", "");
  elector_ = domain::lease_elector{arguments_.settings};
  enter("standby");
  step();
}

void leader_elector_state::ticked(const tick& what) {
  if (what.epoch == epoch_)
    step();
}

void leader_elector_state::step_in(milliseconds delay) {
  self_->delayed_send(self_, delay, tick{0, ++epoch_});
}

void leader_elector_state::step() {
  in_flight_ = false;
  if (resigning_)
    return release();
  if (ended_)
    return;
  const auto time = now(self_);
  if (leading_ && !elector_.leads(time))
    return lost(why_lost());
  const auto next = elector_.next(time, static_cast<double>(run->random() % 1000) / 1000.0);
  switch (next.action) {
  case lease_action::read:
    return read(time);
  case lease_action::create:
  case lease_action::take_over:
  case lease_action::renew:
    return write(next.action, time);
  case lease_action::wait:
    return step_in(std::max(next.delay, milliseconds{1}));
  case lease_action::lost:
    return lost(why_lost());
  }
}

void leader_elector_state::read(milliseconds sent) {
  using outcome_type = domain::result<std::optional<domain::lease_record>>;
  in_flight_ = true;
  arguments_.store->get(reply_to<outcome_type>([this, sent](const outcome_type& outcome) {
    const auto known = elector_.holder();
    if (outcome) {
      elector_.read(*outcome, now(self_));
      succeeded();
    } else {
      troubled(outcome.failure());
      elector_.failed(outcome.failure(), sent, now(self_));
    }
    if (!leading_ && elector_.holder() != known)
      run->log->info("leader election: the leader is {}", elector_.holder());
    step();
  }));
}

void leader_elector_state::write(lease_action action, milliseconds sent) {
  auto reply =
    reply_to<record_result>([this, sent](const record_result& outcome) { written(outcome, sent); });
  const auto record = elector_.desired(wall_now());
  in_flight_ = true;
  if (action == lease_action::create)
    arguments_.store->create(record, std::move(reply));
  else
    arguments_.store->update(record, std::move(reply));
}

void leader_elector_state::written(const record_result& outcome, milliseconds sent) {
  if (!outcome) {
    troubled(outcome.failure());
    elector_.failed(outcome.failure(), sent, now(self_));
    return step();
  }
  succeeded();
  elector_.written(*outcome, sent);
  if (ended_)
    return step();
  if (const auto until = elector_.leads_until())
    arguments_.permit->extend(write_permit::clock::time_point{*until});
  if (!std::exchange(leading_, true)) {
    enter("leading");
    run->log->info("leader election: leading as {}", arguments_.settings.identity);
    self_->send(arguments_.supervisor, leadership_changed{true});
  }
  step();
}

void leader_elector_state::troubled(const domain::error& failure) {
  failed(failure.message);
  if (failure.code == domain::error_code::conflict)
    run->log->info("leader election: {}", failure.message); // somebody else was faster
  else
    run->troubles->kubernetes_failed(trouble_source, failure);
}

void leader_elector_state::succeeded() {
  failed({});
  run->troubles->works(trouble_source);
}

std::string leader_elector_state::why_lost() const {
  if (elector_.holder() == arguments_.settings.identity)
    return "the lease could not be renewed in time";
  if (elector_.holder().empty())
    return "somebody took this process's name out of the lease";
  return "somebody else holds the lease: " + elector_.holder();
}

void leader_elector_state::lost(const std::string& why) {
  ended_ = true;
  leading_ = false;
  arguments_.permit->revoke();
  enter("lost");
  run->log->critical("leadership is lost: {}", why);
  self_->send(arguments_.supervisor, leadership_changed{false});
  if (arguments_.give_up)
    arguments_.give_up("leadership is lost: " + why);
}

caf::typed_response_promise<resigned> leader_elector_state::resign() {
  resigning_ = self_->make_response_promise<resigned>();
  ended_ = true;
  ++epoch_;
  arguments_.permit->revoke();
  if (std::exchange(leading_, false))
    enter("resigned");
  // A renewal on its way would make a newer record than the one that hands leadership back.
  if (!in_flight_)
    release();
  return *resigning_;
}

void leader_elector_state::release() {
  if (elector_.holder() != arguments_.settings.identity) {
    resigning_->deliver(resigned{});
    return;
  }
  arguments_.store->update(elector_.released(wall_now()),
                           reply_to<record_result>([this](const record_result& outcome) {
                             // Newer than known, as after a renewal without an answer: once more,
                             // if it is still ours.
                             if (!outcome && outcome.failure().code == domain::error_code::conflict
                                 && !std::exchange(released_anew_, true))
                               return read(now(self_));
                             resigning_->deliver(resigned{});
                           }));
}

leader_elector_actor::behavior_type leader_elector(leader_elector_state::self_pointer self,
                                                   elector_arguments arguments) {
  auto& state = self->state;
  state.start(std::move(arguments));
  return {
    [&state, self](const describe&) { return state.describe(self); },
    [&state](const tick& what) { counted(state).ticked(what); },
    [&state](const call_completed& call) {
      state.count();
      call.deliver();
    },
    [&state](const resign_leadership&) { return counted(state).resign(); },
  };
}

} // namespace dklb::actors
