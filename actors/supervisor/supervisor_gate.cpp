#include "actors/supervisor/supervisor_children.hpp"

#include <utility>

// Whether work may be done, and who is told why not.
namespace dklb::actors {

using namespace messages;

namespace {

/// Of EdgeLB's troubles; also the name of a check of /readyz.
constexpr const char* edgelb_source = "edgelb";

} // namespace

void supervisor_state::update_gate() {
  // A condition may say that EdgeLB cannot be read, so it need not wait for that.
  const auto statuses = leader_ && services_listed_ && !stopping_;
  if (std::exchange(statuses_open_, statuses) != statuses)
    for (const auto& writer : handles_.writers)
      self_->send(writer, messages::gate_changed{statuses, {}});
  const auto open = leader_ && services_listed_ && inventory_read_ && !stopping_
                    && (nodes_ || !arguments_.needs_nodes);
  if (open == gate_open)
    return;
  gate_open = open;
  run->log->info(open ? "work begins: the Services are listed and the EdgeLB inventory is read"
                      : "work pauses");
  broadcast(messages::gate_changed{open, {}});
}

/// Who waits is told, unless it is for another replica or for the list of Services itself.
void supervisor_state::explain_gate() {
  if (leader_ && services_listed_ && !stopping_ && !inventory_read_ && !inventory_failure_.empty())
    self_->send(handles_.watcher, messages::gate_changed{gate_open, inventory_failure_});
}

void supervisor_state::synced() {
  services_listed_ = true;
  update_gate();
  explain_gate();
}

void supervisor_state::inventory_synced() {
  inventory_read_ = true;
  inventory_failure_.clear();
  run->troubles->works(edgelb_source);
  update_gate();
}

void supervisor_state::inventory_troubled(const domain::error& failure) {
  if (failure.code == domain::error_code::cancelled)
    return; // our own end
  if (domain::access_refused(failure.code))
    run->troubles->denied(edgelb_source, failure.message);
  else
    run->troubles->failing(edgelb_source, failure.message);
  inventory_failure_ = "EdgeLB's pools cannot be read (" + failure.message + ")";
  explain_gate();
}

/// An event about the pod that this process runs in.
void supervisor_state::warn_pod(const char* reason, const std::string& message) {
  if (arguments_.pod)
    self_->send(handles_.recorder, record_event{arguments_.pod->key, arguments_.pod->uid, true,
                                                reason, message, "Pod"});
}

void supervisor_state::access_denied(const std::string& message) {
  warn_pod("AccessDenied", message);
}

void supervisor_state::config_rejected(const std::string& message) {
  warn_pod("ConfigRejected", message);
}

/// One that is being restarted reads the settings when it starts.
void supervisor_state::settings_changed() {
  self_->send(handles_.inventory, messages::settings_changed{});
  if (registrar_)
    self_->send(registrar_, messages::settings_changed{});
}

void supervisor_state::nodes_changed(const messages::nodes_changed& what) {
  nodes_ = what.nodes;
  run->stats->nodes_counted(domain::count_nodes(*nodes_));
  broadcast(what);
  update_gate();
}

void supervisor_state::leadership_changed(bool leader) {
  if (std::exchange(leader_, leader) == leader)
    return;
  if (registrar_)
    self_->send(registrar_, messages::leadership_changed{leader});
  if (leader) {
    // What a standby knows of EdgeLB may be minutes old; the gate waits for a fresh look.
    inventory_read_ = false;
    inventory_failure_.clear();
    self_->send(handles_.inventory, refresh_inventory{});
  }
  update_gate();
}

void supervisor_state::shut_down() {
  stopping_ = true;
  update_gate();
}

health supervisor_state::health() const {
  messages::health out;
  out.services_listed = services_listed_;
  out.inventory_read = inventory_read_;
  return out;
}

} // namespace dklb::actors
