#pragma once

#include "actors/base/base.hpp"
#include "domain/base/retry_policy.hpp"
#include "domain/webhook/webhook_registration.hpp"

#include <functional>
#include <string>

namespace dklb::actors {

/// Dependencies and settings of the webhook registrar.
struct registrar_arguments {
  runtime_ptr run;
  messages::kube_gateway_actor kube;
  domain::registration_settings settings; ///< the failure policy is that of `run`, which may change
  /// Reads the certificates that the API server shall trust, as base64. The error names the file.
  std::function<domain::result<std::string>()> read_ca_bundle;
  /// The pause between two reads of the CA file. The objects are compared every resyncPeriod.
  milliseconds look{5000};
};

/// State of the webhook registrar. While this process leads, it creates a missing configuration
/// object, reverts manual changes, and applies a changed CA. It writes only if something differs.
/// Source: docs/kubernetes.md, "Admission".
class webhook_registrar_state : public actor_base {
public:
  using self_pointer = messages::webhook_registrar_actor::stateful_pointer<webhook_registrar_state>;
  explicit webhook_registrar_state(self_pointer self) : self_(self) {}

  void start(registrar_arguments arguments);
  void leadership_changed(bool leader);
  void ticked(const messages::tick& what);
  /// Compares the objects at once.
  void settings_changed();

private:
  using answer = domain::result<messages::json_ptr>;

  /// Reads the CA file. If it has changed, or a comparison is due, compares the objects.
  void look();
  void compare(const domain::registration_kind& kind);
  void compared(const domain::registration_kind& kind, const answer& outcome);
  void write(const domain::registration_kind& kind, bool create, nlohmann::json desired);
  void send(messages::exchange_object what, const std::function<void(const answer&)>& handle);
  /// The work on one object has ended. `failure` is "" if the object is as desired.
  void done(const std::string& failure);
  void look_in(milliseconds delay);

  self_pointer self_;
  registrar_arguments arguments_;
  domain::backoff backoff_;
  std::string ca_bundle_;
  milliseconds next_comparison_{0};
  std::uint64_t epoch_ = 0;
  std::size_t open_ = 0;
  std::string failure_;
  bool leading_ = false;
  bool changed_ = false; ///< settings, while a comparison is in work
};

messages::webhook_registrar_actor::behavior_type
webhook_registrar(webhook_registrar_state::self_pointer self, registrar_arguments arguments);

} // namespace dklb::actors
