#include "domain/document/pool_objects.hpp"

#include "domain/document/additions.hpp"
#include "domain/document/own_lines.hpp"
#include "domain/document/pool_bind.hpp"
#include "domain/document/pool_document.hpp"
#include "domain/document/pool_overlay.hpp"
#include "domain/document/pool_section.hpp"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

namespace dklb::domain {

namespace {

using owner_set = std::unordered_set<service_key>;

struct wanted_object {
  std::string name;
  const pool_claim* claim = nullptr;
  const claimed_port* port = nullptr;
  /// False: the claim is refused, so it is only brought up to date where it is there.
  bool append = true;
  bool found = false;
};

struct wanted_objects {
  std::vector<wanted_object> frontends;
  std::vector<wanted_object> backends;
};

pool_document frontend(const pool_claim& claim, const std::string& name, int bind_port) {
  auto out =
    object_of<1>("name", name, "protocol", "TCP", "bindAddress", "", "bindPort",
                 is_cloud(claim) ? 0 : bind_port, "linkBackend", object_of("defaultBackend", name));
  set_bind(out, bind_of(claim));
  return out;
}

pool_document server_at(const std::string& address, int port, bool checked = true) {
  return object_of("endpoint", object_of("type", "ADDRESS", "address", address, "port", port,
                                         "check", object_of("enabled", checked)));
}

/// EdgeLB refuses a backend without servers; this one is valid and answers nobody.
pool_document no_servers() {
  return pool_document::array({server_at(no_server_address, no_server_port)});
}

/// The servers of a backend: the Kubernetes nodes, found by their Mesos tasks or named one by one.
pool_document services(const pool_settings& settings, pool_servers& servers,
                       const wanted_object& wanted, bool checked) {
  const int node_port = wanted.port->node_port;
  auto list = pool_document::array();
  if (settings.mode == backend_mode::mesos) {
    list.push_back(object_of(
      "marathon", pool_document::object(), "mesos",
      object_of("frameworkName", settings.cluster, "taskNamePattern", "^kube-node-.*$"), "endpoint",
      object_of("type", "CONTAINER_IP", "port", node_port, "check",
                object_of("enabled", checked))));
    return list;
  }
  for (const auto& address : servers.of(wanted.claim->families).addresses)
    list.push_back(server_at(address, node_port, checked));
  return list.empty() ? no_servers() : list;
}

pool_document backend(const pool_settings& settings, pool_servers& servers,
                      const wanted_object& wanted, const backend_additions& additions) {
  return object_of("name", wanted.name, "protocol", "TCP", "balance", additions.balance, "services",
                   services(settings, servers, wanted, additions.checked));
}

wanted_objects wanted_by(const pool_settings& settings,
                         const std::vector<const pool_claim*>& accepted,
                         const std::vector<const pool_claim*>& refused) {
  wanted_objects wanted;
  for (const auto* claim : accepted) {
    for (const auto& port : claim->ports) {
      wanted.frontends.push_back(
        {object_name(settings.cluster, claim->service, port.service_port), claim, &port});
      wanted.backends.push_back(wanted.frontends.back());
    }
  }
  for (const auto* claim : refused) {
    for (const auto& port : claim->ports) {
      if (port.node_port > 0)
        wanted.backends.push_back(
          {object_name(settings.cluster, claim->service, port.service_port), claim, &port, false});
    }
  }
  return wanted;
}

pool_document new_frontend(const wanted_object& wanted) {
  auto made = frontend(*wanted.claim, wanted.name, wanted.port->bind_port);
  set_own_lines(made, frontend_lines(*wanted.claim));
  return made;
}

bool amend_frontend(pool_document& current, const wanted_object& wanted) {
  auto desired = frontend(*wanted.claim, wanted.name, wanted.port->bind_port);
  // With 0 the server picks the port, and its answer shows the one that it has picked.
  if (desired["bindPort"] == 0 && port_number(member(current, "bindPort")) != 0)
    desired["bindPort"] = current["bindPort"];
  keep_modifier(current, desired);
  const bool changed = overlay(current, desired);
  return set_own_lines(current, frontend_lines(*wanted.claim)) || changed;
}

/// What makes a server the same one before and after: its address, or being the one selector.
std::string_view identity(const pool_document& server) {
  const auto& endpoint = member(server, "endpoint");
  return text(member(endpoint, "type")) == "ADDRESS" ? text(member(endpoint, "address"))
                                                     : std::string_view{};
}

/// Servers that stay keep their place and what others have added to them.
bool amend_servers(pool_document& current, const pool_document& desired) {
  if (!current.is_array()) {
    current = desired;
    return true;
  }
  std::unordered_map<std::string_view, const pool_document*> missing;
  for (const auto& server : items(desired))
    missing.emplace(identity(server), &server);
  bool changed = false;
  auto kept = pool_document::array();
  for (auto& server : current.get_ref<pool_document::array_t&>()) {
    const auto found = missing.find(identity(server));
    if (found == missing.end()) {
      changed = true;
      continue;
    }
    changed |= overlay(server, *found->second);
    missing.erase(found);
    kept.push_back(std::move(server));
  }
  for (const auto& server : items(desired)) {
    if (missing.erase(identity(server)) == 0)
      continue;
    kept.push_back(server);
    changed = true;
  }
  current = std::move(kept);
  return changed;
}

pool_document new_backend(const pool_settings& settings, pool_servers& servers,
                          const wanted_object& wanted) {
  const auto additions = additions_for(settings, *wanted.claim);
  auto made = backend(settings, servers, wanted, additions);
  apply_additions(made, additions);
  return made;
}

bool amend_backend(const pool_settings& settings, pool_servers& servers, pool_document& current,
                   const wanted_object& wanted) {
  // A refused claim changes nothing but where its servers are.
  const auto additions =
    wanted.append ? additions_for(settings, *wanted.claim) : additions_in(current);
  auto desired = backend(settings, servers, wanted, additions);
  // No node is more often a list not read yet than a cluster without nodes: the servers last
  // written go on.
  const bool keep = serves_nobody(desired) && !serves_nobody(current);
  const auto listed = std::move(desired["services"]);
  desired.erase("services");
  bool changed = overlay(current, desired);
  changed |= !keep && amend_servers(current["services"], listed);
  return apply_additions(current, additions) || changed;
}

/// One pass over one list of the pool.
class list_editor {
public:
  list_editor(const pool_settings& settings, pool_document& pool, const char* list)
    : settings_(settings), pool_(pool), list_(list) {}

  /// Puts `wanted` right with `amend`, and offers what else belongs to `owners` to `drop`, which
  /// says whether the entry goes and may edit it instead, setting its second argument. What is
  /// missing comes from `make`.
  template <class Make, class Amend, class Drop>
  bool edit(std::vector<wanted_object>& wanted, const owner_set& owners, Make make, Amend amend,
            Drop drop) {
    const auto present = index_objects(settings_.cluster, pool_, list_);
    std::unordered_map<std::string_view, wanted_object*> by_name;
    if (!present.empty()) // a new pool has a thousand to add and none to find
      for (auto& object : wanted)
        by_name.emplace(object.name, &object);
    std::vector<std::size_t> dropped;
    bool changed = false;
    for (const auto& object : present) {
      if (!object.owner)
        continue;
      auto& entry = entries()[object.position];
      const bool ours = owners.contains(object.owner->service);
      const auto match = by_name.find(object.name);
      if (match != by_name.end() && !match->second->found) {
        match->second->found = true;
        changed |= amend(entry, *match->second);
      } else if (ours && (match != by_name.end() || drop(entry, changed))) {
        // The second of one name, or one that is not wanted any more.
        dropped.push_back(object.position);
      }
    }
    erase(dropped);
    changed |= !dropped.empty();
    for (auto& object : wanted) {
      if (!object.append || object.found)
        continue;
      append(make(object));
      changed = true;
    }
    return changed;
  }

private:
  pool_document::array_t& entries() {
    return pool_["haproxy"][list_].get_ref<pool_document::array_t&>();
  }

  void append(pool_document object) {
    auto& list = pool_["haproxy"][list_];
    if (list.is_null())
      list = pool_document::array();
    list.push_back(std::move(object));
  }

  /// `positions` in ascending order.
  void erase(const std::vector<std::size_t>& positions) {
    if (positions.empty())
      return;
    auto next = positions.begin();
    pool_document::array_t kept;
    kept.reserve(entries().size() - positions.size());
    for (std::size_t position = 0; position < entries().size(); ++position) {
      if (next != positions.end() && *next == position)
        ++next;
      else
        kept.push_back(std::move(entries()[position]));
    }
    entries() = std::move(kept);
  }

  const pool_settings& settings_;
  pool_document& pool_;
  const char* list_;
};

/// Frontends first: which backends are still linked to is known only then.
bool edit_objects(const pool_settings& settings, pool_servers& servers, pool_document& pool,
                  wanted_objects& wanted, const owner_set& owners) {
  const auto drop_frontend = [](const pool_document&, bool&) { return true; };
  bool changed = list_editor(settings, pool, "frontends")
                   .edit(wanted.frontends, owners, new_frontend, amend_frontend, drop_frontend);
  const auto linked = linked_backends(pool);
  const auto drop_backend = [&](pool_document& entry, bool& edited) {
    if (!linked.contains(text(member(entry, "name"))))
      return true;
    edited |= amend_servers(entry["services"], no_servers());
    return false;
  };
  const auto make = [&](const wanted_object& each) { return new_backend(settings, servers, each); };
  const auto amend = [&](pool_document& entry, const wanted_object& each) {
    return amend_backend(settings, servers, entry, each);
  };
  changed |= list_editor(settings, pool, "backends")
               .edit(wanted.backends, owners, make, amend, drop_backend);
  return changed;
}

} // namespace

bool erase_objects(const pool_settings& settings, pool_document& pool,
                   const std::set<service_key>& services) {
  wanted_objects none;
  pool_servers unused{settings, nullptr};
  return edit_objects(settings, unused, pool, none, owner_set(services.begin(), services.end()));
}

bool apply_objects(const pool_settings& settings, pool_servers& servers, pool_document& pool,
                   const std::vector<const pool_claim*>& accepted,
                   const std::vector<const pool_claim*>& refused) {
  auto wanted = wanted_by(settings, accepted, refused);
  owner_set owners;
  for (const auto* claim : accepted)
    owners.insert(claim->service);
  return edit_objects(settings, servers, pool, wanted, owners);
}

} // namespace dklb::domain
