#include "actors/webhook/webhook_registrar.hpp"

#include <algorithm>
#include <utility>

namespace dklb::actors {

using namespace messages;

namespace {

std::string collection_path(const domain::registration_kind& kind) {
  return std::string{"/apis/admissionregistration.k8s.io/v1/"} + kind.resource;
}

} // namespace

void webhook_registrar_state::start(registrar_arguments arguments) {
  arguments_ = std::move(arguments);
  enlist(self_, arguments_.run, nullptr, "webhook_registrar", "");
  enter("standby");
}

void webhook_registrar_state::leadership_changed(bool leader) {
  ++epoch_;
  leading_ = leader;
  next_comparison_ = milliseconds{0};
  enter(leader ? "registering" : "standby");
  if (leader && open_ == 0)
    look();
}

void webhook_registrar_state::ticked(const tick& what) {
  if (what.epoch == epoch_ && leading_ && open_ == 0)
    look();
}

void webhook_registrar_state::settings_changed() {
  next_comparison_ = milliseconds{0};
  changed_ = open_ > 0;
  if (leading_ && !changed_)
    look();
}

void webhook_registrar_state::look() {
  auto bundle = arguments_.read_ca_bundle();
  if (!bundle) {
    open_ = 1;
    return done(bundle.failure().message);
  }
  if (*bundle == ca_bundle_ && now(self_) < next_comparison_)
    return look_in(arguments_.look);
  ca_bundle_ = std::move(*bundle);
  open_ = domain::registration_kinds.size();
  for (const auto& kind : domain::registration_kinds)
    compare(kind);
}

void webhook_registrar_state::look_in(milliseconds delay) {
  self_->delayed_send(self_, delay, tick{0, ++epoch_});
}

void webhook_registrar_state::send(exchange_object what,
                                   const std::function<void(const answer&)>& handle) {
  ask<object_answer>(
    self_, arguments_.kube, gateway_deadline(run->concurrency().kubernetes_timeout),
    std::move(what), [handle](const object_answer& reply) { handle(reply.outcome); },
    [handle](const caf::error& problem) { handle(to_domain(problem)); });
}

void webhook_registrar_state::compare(const domain::registration_kind& kind) {
  send({"GET", collection_path(kind) + "/" + arguments_.settings.name, nullptr},
       [this, &kind](const answer& outcome) { compared(kind, outcome); });
}

void webhook_registrar_state::compared(const domain::registration_kind& kind,
                                       const answer& outcome) {
  if (!leading_)
    return done({});
  auto settings = arguments_.settings;
  settings.failure_policy = run->live->get()->webhook_failure_policy;
  auto desired = domain::desired_registration(kind, settings, ca_bundle_);
  if (!outcome && outcome.failure().code == domain::error_code::not_found)
    return write(kind, true, std::move(desired));
  if (!outcome)
    return done(outcome.failure().message);
  if (*outcome && domain::registration_holds(**outcome, desired))
    return done({});
  write(kind, false, std::move(desired));
}

void webhook_registrar_state::write(const domain::registration_kind& kind, bool create,
                                    nlohmann::json desired) {
  auto path = collection_path(kind);
  if (!create)
    path += "/" + arguments_.settings.name;
  send({create ? "POST" : "PATCH", std::move(path),
        std::make_shared<const nlohmann::json>(std::move(desired))},
       [this, &kind, create](const answer& outcome) {
         if (!outcome)
           return done(outcome.failure().message);
         run->log->info("{} {} {}", kind.kind, arguments_.settings.name,
                        create ? "created" : "put right");
         done({});
       });
}

void webhook_registrar_state::done(const std::string& failure) {
  if (failure_.empty())
    failure_ = failure;
  if (--open_ > 0)
    return;
  const auto what = std::exchange(failure_, {});
  const auto changed = std::exchange(changed_, false);
  if (!leading_)
    return;
  if (what.empty()) {
    backoff_.reset();
    failed({});
    enter("registered");
    const auto resync = run->concurrency().resync_period;
    next_comparison_ = changed ? milliseconds{0} : now(self_) + resync;
    return look_in(changed ? milliseconds{0} : std::min(arguments_.look, resync));
  }
  if (last_error() != what)
    run->log->error("the webhook's registration cannot be kept: {}; trying again", what);
  failed(what);
  enter("troubled");
  next_comparison_ = milliseconds{0};
  const auto limits = run->concurrency();
  look_in(changed ? milliseconds{0} : backoff_.next({limits.retry_base, limits.retry_max}));
}

webhook_registrar_actor::behavior_type webhook_registrar(webhook_registrar_state::self_pointer self,
                                                         registrar_arguments arguments) {
  auto& state = self->state;
  state.start(std::move(arguments));
  return {
    [&state, self](const describe&) { return state.describe(self); },
    [&state](const leadership_changed& what) { counted(state).leadership_changed(what.leader); },
    [&state](const messages::settings_changed&) { counted(state).settings_changed(); },
    [&state](const tick& what) { counted(state).ticked(what); },
  };
}

} // namespace dklb::actors
