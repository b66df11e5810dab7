#pragma once

#include "domain/service/configuration_object.hpp"
#include "domain/service/service.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dklb::domain {

/// `services.otherProtocols`: what becomes of a Service with a UDP or SCTP port beside TCP ports.
enum class other_protocols : std::uint8_t {
  refuse,
  skip, ///< the TCP ports are served, and the user is told which ports are not
};

/// What decides which Services are ours and what they get by default.
struct service_settings {
  std::string cluster;
  bool claim_unclassed = true;
  std::string load_balancer_class = default_load_balancer_class;
  /// nodes mode and mesos mode both need a nodePort for every port.
  int default_size = 1;
  /// The servers are the nodes themselves (backendMode nodes).
  bool nodes_are_servers = false;
  publish_kind publish = publish_kind::all;
  ip_mode mode = ip_mode::proxy;
  other_protocols others = other_protocols::refuse;
};

// Several dklbs may serve one cluster, each with a load balancer class of its own. Which of them
// serves a Service, or has to clean up after it, stands on the Service: it is the dklb whose
// finalizer comes first in the list. Every other dklb leaves the Service alone.
// Source: docs/decisions/a-finalizer-per-class.md.

/// The finalizer of the dklb with this class: `kubernetes.dcos.io/dklb` for the default class,
/// `kubernetes.dcos.io/dklb.<class>` for any other, with `/` written as `_`. No two classes have
/// the same one. `load_balancer_class` is a valid class name.
std::string finalizer_of(std::string_view load_balancer_class);

/// Whether the class changed under a dklb's finalizer, see service::reclassed; `before` is the
/// former snapshot of the same object, null where there is none.
bool reclassed(const service* before, const service& now);

/// The finalizer of another dklb that serves the Service; nothing where that is this one, or none.
std::optional<std::string> other_server(const service_settings& settings, const service& service);

/// Our finalizer says that we serve the Service.
bool serves(const service_settings& settings, const service& service);

/// Type LoadBalancer, our class, not deleting, and no other dklb serves it.
bool wanted(const service_settings& settings, const service& service);

/// We serve it, but it is deleting or no longer wanted.
bool needs_cleanup(const service_settings& settings, const service& service);

/// Whether dklb keeps an eye on the Service: it is of type LoadBalancer, or some dklb has not yet
/// cleaned up after it. Objects in EdgeLB of a Service that is not followed are nobody's.
bool followed(const service& service);

/// Why the Service is not for us, deletion apart; nothing where it is.
std::optional<std::string> foreign_reason(const service_settings& settings, const service& service);

/// The finalizers with ours among them, and without the name that an earlier version gave ours.
std::vector<std::string> finalizers_of_served(const service_settings& settings,
                                              const service& service);

/// The finalizers once we have cleaned up.
std::vector<std::string> finalizers_of_released(const service_settings& settings,
                                                const service& service);

/// A line for the log about Services that another dklb serves.
struct other_server_notice {
  /// Ours but for the finalizer: their users may wait for this dklb.
  bool warning = false;
  std::string text;

  friend bool operator==(const other_server_notice&, const other_server_notice&) = default;
};

/// One notice for each finalizer of another dklb, and one more where Services are ours but for it.
/// Names a few Services and counts the rest.
std::vector<other_server_notice> other_server_notices(const service_settings& settings,
                                                      const std::vector<const service*>& services);

} // namespace dklb::domain
