#include "actors/supervisor/supervisor_children.hpp"

#include "actors/pool/inventory.hpp"
#include "actors/service/status_writer.hpp"
#include "domain/config/config.hpp"

#include <utility>

// Who died, and when it is started again.
namespace dklb::actors {

using namespace messages;

void supervisor_state::give_up(const std::string& why) {
  run->log->critical("{}; giving up", why);
  stopping_ = true;
  if (arguments_.give_up)
    arguments_.give_up(why);
}

std::optional<milliseconds> supervisor_state::count_restart(const char* kind,
                                                            const std::string& key,
                                                            const std::string& reason) {
  run->actors->restarted(kind, key);
  failed(std::string{kind} + " " + key + " failed: " + reason);
  if (stopping_)
    return std::nullopt;
  if (!intensity_->allow(now(self_))) {
    give_up(last_error() + "; too many restarts in a short time");
    return std::nullopt;
  }
  const auto wait = delays_->next(std::string{kind} + "/" + key, now(self_));
  run->log->warn("{} {} failed: {}; starting it again in {}", kind, key, reason,
                 domain::format_duration(wait));
  return wait;
}

caf::result<restart_verdict> supervisor_state::child_failed(const messages::child_failed& what) {
  const auto wait = count_restart("service", what.key, what.reason);
  if (!wait)
    return caf::make_error(caf::sec::runtime_error, "no more restarts");
  return restart_verdict{*wait};
}

void supervisor_state::child_down(const caf::down_msg& down) {
  const auto known = children_.find(down.source.id());
  if (known == children_.end())
    return;
  const auto gone = std::move(known->second);
  children_.erase(known);
  const std::string kind{gone.kind};
  const auto expected =
    down.reason == caf::exit_reason::normal || down.reason == caf::exit_reason::user_shutdown;
  if (kind == "pool") {
    if (expected)
      return pool_ended(gone.key);
    pools_.at(gone.key).pool = nullptr;
    // Whom it serves is the next one's to say.
    self_->send(peers->poller_of(gone.key), poll_pool{gone.key, {}, false});
  } else if (expected) {
    return;
  }
  const auto reason = self_->home_system().render(down.reason);
  // A gateway takes the promises of everything in flight with it; nobody would ever hear the
  // outcome, so the process starts anew.
  if (kind == "kube_gateway" || kind == "edgelb_gateway")
    return give_up(kind + " failed: " + reason);
  if (const auto wait = count_restart(gone.kind, gone.key, reason))
    self_->delayed_send(self_, *wait, restart_child{kind, gone.key});
}

void supervisor_state::restart(const restart_child& what) {
  if (stopping_)
    return;
  if (what.kind == "pool") {
    const auto found = pools_.find(what.key);
    if (found != pools_.end() && !found->second.pool)
      spawn_pool(what.key, found->second);
    return;
  }
  if (what.kind == "pool_poller") {
    const auto shard = static_cast<std::size_t>(std::stoul(what.key));
    handles_.pollers.at(shard) = spawn_poller(shard);
  } else if (what.kind == "status_writer") {
    const auto shard = static_cast<std::size_t>(std::stoul(what.key));
    handles_.writers.at(shard) = spawn_writer(shard);
  } else if (what.kind == "event_recorder") {
    handles_.recorder =
      adopt(arguments_.make_recorder(self_->home_system(), handles_.kube), "event_recorder", "");
  } else if (what.kind == "webhook_registrar") {
    return spawn_registrar();
  } else if (what.kind == "introspection") {
    return spawn_introspection();
  } else if (what.kind == "inventory") {
    handles_.inventory = adopt(self_->spawn(inventory, run, nullptr, gate_open), "inventory", "");
  } else if (what.kind == "service_watcher") {
    services_listed_ = false;
    update_gate();
    handles_.watcher =
      adopt(self_->spawn(service_watcher, run, peers, gate_open, arguments_.make_intake),
            "service_watcher", "");
  }
  announce();
}

} // namespace dklb::actors
