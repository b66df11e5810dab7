#include "tests/support/edgelb_defaults.hpp"

#include <regex>
#include <string_view>
#include <unordered_set>
#include <utility>

namespace dklb::support {
namespace {

/// Makes room. An object of the library's that grows copies what it has, with all that is below it,
/// so another one takes its members.
void make_room(pool_json::object_t& members, std::size_t more) {
  constexpr std::size_t later = 4; // for what is filled in next
  if (members.capacity() - members.size() >= more)
    return;
  pool_json::object_t roomy;
  roomy.reserve(members.size() + more + later);
  for (auto& [key, value] : members)
    roomy.emplace_back(key, std::move(value));
  members = std::move(roomy);
}

/// Adds the members of `defaults` that `object` lacks.
void fill(pool_json& object, const pool_json& defaults) {
  if (object.is_null())
    object = pool_json::object();
  auto& members = object.get_ref<pool_json::object_t&>();
  make_room(members, defaults.size());
  for (const auto& [key, value] : defaults.get_ref<const pool_json::object_t&>()) {
    if (!object.contains(key))
      members.emplace_back(key, value);
  }
}

pool_json& member(pool_json& object, const char* key, pool_json otherwise) {
  if (!object.contains(key) || object[key].is_null())
    object[key] = std::move(otherwise);
  return object[key];
}

void complete_frontend(pool_json& frontend,
                       const std::function<int(const std::string&)>& free_port) {
  static const pool_json binding{{"bindAddress", "0.0.0.0"}, {"bindPort", -1}, {"protocol", "TCP"}};
  static const pool_json rest{{"certificates", pool_json::array()},
                              {"miscStrs", pool_json::array()},
                              {"linkBackend", pool_json::object()}};
  static const pool_json link{{"map", pool_json::array()}};
  fill(frontend, binding);
  if (!frontend.contains("name"))
    frontend["name"] =
      "frontend_" + frontend["bindAddress"].get<std::string>() + "_" + frontend["bindPort"].dump();
  fill(frontend, rest);
  if (frontend["linkBackend"].is_object())
    fill(frontend["linkBackend"], link);
  if (frontend["bindPort"] == 0)
    frontend["bindPort"] = free_port(frontend["name"].get<std::string>());
}

void complete_backend(pool_json& backend) {
  static const pool_json head{{"protocol", "TCP"},
                              {"balance", "roundrobin"},
                              {"miscStrs", pool_json::array()},
                              {"services", pool_json::array()}};
  static const pool_json rewriting{{"request",
                                    {{"forwardfor", true},
                                     {"rewritePath", true},
                                     {"setHostHeader", true},
                                     {"xForwardedPort", true},
                                     {"xForwardedProtoHttpsIfTls", true}}},
                                   {"response", {{"rewriteLocation", true}}}};
  static const pool_json selectors{{"marathon", pool_json::object()},
                                   {"mesos", pool_json::object()}};
  static const pool_json target{{"type", "AUTO_IP"}, {"port", -1}};
  static const pool_json check{{"enabled", true}};
  fill(backend, head);
  fill(member(backend, "rewriteHttp", pool_json::object()), rewriting);
  for (auto& service : backend["services"]) {
    fill(service, selectors);
    auto& endpoint = member(service, "endpoint", pool_json::object());
    fill(endpoint, target);
    fill(member(endpoint, "check", pool_json::object()), check);
  }
}

/// The text of a member, "" where it has none; a view into the document.
std::string_view text_of(const pool_json& object, const char* key) {
  if (!object.is_object())
    return {};
  const auto found = object.find(key);
  return found != object.end() && found->is_string()
           ? std::string_view{found->get_ref<const std::string&>()}
           : std::string_view{};
}

std::string about(const char* kind, const pool_json& object) {
  return std::string{kind} + " \"" + std::string{text_of(object, "name")} + "\": ";
}

bool has_port(const pool_json& endpoint) {
  const auto port = endpoint.find("port");
  return port != endpoint.end() && port->is_number_integer() && *port > 0;
}

std::string refuse_backend(const pool_json& backend) {
  const auto services = backend.find("services");
  if (services == backend.end() || !services->is_array() || services->empty())
    return about("backend", backend) + "there must be at least one service";
  for (const auto& service : *services) {
    const auto endpoint =
      service.is_object() ? service.value("endpoint", pool_json{}) : pool_json{};
    if (text_of(endpoint, "type") == "ADDRESS"
        && (text_of(endpoint, "address").empty() || !has_port(endpoint)))
      return about("backend", backend) + "an ADDRESS endpoint needs an address and a port";
  }
  return {};
}

std::string refuse_frontend(const pool_json& frontend,
                            const std::unordered_set<std::string_view>& backends,
                            std::unordered_set<int>& ports) {
  const auto port = frontend.find("bindPort");
  if (port != frontend.end() && port->is_number_integer() && *port > 0
      && !ports.insert(port->get<int>()).second)
    return about("frontend", frontend) + "port " + port->dump() + " is bound twice";
  const auto link = frontend.find("linkBackend");
  if (link == frontend.end() || !link->is_object())
    return {};
  const auto known = [&](std::string_view name) { return name.empty() || backends.contains(name); };
  if (!known(text_of(*link, "defaultBackend")))
    return about("frontend", frontend) + "its default names no backend";
  for (const auto& rule : link->value("map", pool_json::array()))
    if (!known(text_of(rule, "backend")))
      return about("frontend", frontend) + "its map names no backend";
  return {};
}

/// What the published contract lists as refused, as far as what dklb writes can meet it.
std::string refuse_objects(const pool_json& haproxy) {
  static const auto none = pool_json::array();
  const auto list = [&](const char* part) -> const pool_json& {
    const auto found = haproxy.find(part);
    return found == haproxy.end() ? none : *found;
  };
  std::unordered_set<std::string_view> backends;
  for (const auto& backend : list("backends")) {
    if (auto why = refuse_backend(backend); !why.empty())
      return why;
    backends.insert(text_of(backend, "name"));
  }
  std::unordered_set<int> ports;
  for (const auto& frontend : list("frontends"))
    if (auto why = refuse_frontend(frontend, backends, ports); !why.empty())
      return why;
  return {};
}

std::string refuse_haproxy(const pool_json& haproxy) {
  if (!haproxy.is_object())
    return "haproxy must be an object";
  for (const char* part : {"frontends", "backends"}) {
    if (!haproxy.contains(part))
      continue;
    if (!haproxy[part].is_array())
      return std::string("haproxy.") + part + " must be an array";
    for (const auto& entry : haproxy[part]) {
      if (!entry.is_object())
        return std::string("haproxy.") + part + " must hold objects";
    }
  }
  return refuse_objects(haproxy);
}

} // namespace

void complete_pool(pool_json& pool,
                   const std::function<int(const std::string& frontend)>& free_port) {
  fill(pool, {{"apiVersion", "V2"},
              {"namespace", "dcos-edgelb/pools"},
              {"packageName", "edgelb-pool"},
              {"packageVersion", "v0.0.0"},
              {"role", "slave_public"},
              {"cpus", 0.9},
              {"cpusAdminOverhead", 0.1},
              {"mem", 992},
              {"memAdminOverhead", 32},
              {"disk", 256},
              {"count", 1},
              {"constraints", "hostname:UNIQUE"},
              {"ports", pool_json::array()},
              {"poolHealthcheckGracePeriod", 180},
              {"poolHealthcheckInterval", 12},
              {"poolHealthcheckMaxFail", 5},
              {"poolHealthcheckTimeout", 60},
              {"virtualNetworks", pool_json::array()},
              {"secrets", pool_json::array()}});
  auto& haproxy = member(pool, "haproxy", pool_json::object());
  for (auto& frontend : member(haproxy, "frontends", pool_json::array()))
    complete_frontend(frontend, free_port);
  for (auto& backend : member(haproxy, "backends", pool_json::array()))
    complete_backend(backend);
  auto& stats = member(haproxy, "stats", pool_json::object());
  fill(stats, {{"bindAddress", "0.0.0.0"}, {"bindPort", 9090}});
}

std::string refuse_pool(const pool_json& pool) {
  static const std::regex form("[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?");
  if (!pool.is_object())
    return "a pool must be an object";
  const auto name = pool.find("name");
  if (name == pool.end() || !name->is_string() || !std::regex_match(name->get<std::string>(), form))
    return "name: invalid pool name";
  for (const char* key : {"cpus", "mem", "count"}) {
    if (pool.contains(key) && !pool[key].is_number() && !pool[key].is_null())
      return std::string(key) + ": must be a number";
  }
  if (pool.contains("haproxy") && !pool["haproxy"].is_null())
    return refuse_haproxy(pool["haproxy"]);
  return {};
}

std::string metadata_of(const pool_json& pool, const std::vector<pool_instance>& instances) {
  auto inside = pool_json::array();
  auto outside = pool_json::array();
  for (const auto& instance : instances) {
    inside.push_back(instance.private_address);
    if (!instance.public_address.empty())
      outside.push_back(instance.public_address);
  }
  const auto addresses = ",\"private\":" + inside.dump() + ",\"public\":" + outside.dump() + "}]";
  const auto endpoint = [&](const pool_json& port) {
    return "[{\"port\":" + port.dump() + addresses;
  };
  const auto& haproxy = pool["haproxy"];
  std::string text = "{\"name\":" + pool["name"].dump() + ",\"aws\":{\"elbs\":[]},\"frontends\":[";
  const char* before = "";
  for (const auto& frontend : haproxy["frontends"]) {
    text += std::exchange(before, ",");
    text += "{\"name\":" + frontend["name"].dump()
            + ",\"endpoints\":" + endpoint(frontend["bindPort"]) + "}";
  }
  return text + "],\"stats\":" + endpoint(haproxy["stats"]["bindPort"]) + "}";
}

} // namespace dklb::support
