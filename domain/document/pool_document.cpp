#include "domain/document/pool_document.hpp"

#include "domain/document/pool_defaults.hpp"
#include "domain/document/pool_snapshot.hpp"

#include <algorithm>
#include <cmath>
#include <functional>

namespace dklb::domain {

namespace {

/// True where brackets nest deeper than `levels`. It recurses no deeper than that itself.
bool nests_deeper(const pool_document& value, int levels) {
  if (!value.is_structured())
    return false;
  return levels == 0 || std::ranges::any_of(value, [levels](const pool_document& item) {
           return nests_deeper(item, levels - 1);
         });
}

} // namespace

pool_document read_document(std::string_view text) {
  // The library parses and destroys without recursion, but writes, copies and compares with it.
  auto document = pool_document::parse(text, nullptr, false);
  if (nests_deeper(document, deepest_nesting))
    return pool_document(pool_document::value_t::discarded);
  return document;
}

const pool_document& member(const pool_document& value, std::string_view key) {
  static const pool_document nothing;
  if (!value.is_object())
    return nothing;
  for (const auto& [name, content] : value.get_ref<const pool_document::object_t&>()) {
    if (name == key)
      return content;
  }
  return nothing;
}

const std::vector<pool_document>& items(const pool_document& value) {
  static const std::vector<pool_document> none;
  return value.is_array() ? value.get_ref<const pool_document::array_t&>() : none;
}

std::string_view text(const pool_document& value) {
  return value.is_string() ? std::string_view{value.get_ref<const std::string&>()}
                           : std::string_view{};
}

int port_number(const pool_document& value) {
  if (!value.is_number())
    return 0;
  const auto number = value.get<double>();
  const bool whole = number >= 1 && number <= 65535 && std::floor(number) == number;
  return whole ? static_cast<int>(number) : 0;
}

const std::vector<pool_document>& objects(const pool_document& pool, std::string_view list) {
  return items(member(member(pool, "haproxy"), list));
}

std::string_view role_of(const pool_document& pool) {
  const auto role = text(member(pool, "role"));
  return role.empty() ? public_role : role;
}

std::vector<std::string_view> networks_of(const pool_document& pool) {
  std::vector<std::string_view> names;
  for (const auto& network : items(member(pool, "virtualNetworks"))) {
    if (const auto name = text(member(network, "name")); !name.empty())
      names.push_back(name);
  }
  return names;
}

bool has_cloud_provider(const pool_document& pool) {
  const auto& provider = member(pool, "cloudProvider");
  return !provider.is_null() && !provider.empty();
}

namespace {

bool list_or_absent(const pool_document& value) {
  return value.is_array() || value.is_null();
}

} // namespace

std::optional<std::string> unusable(const pool_document& pool) {
  if (!pool.is_object())
    return "the pool is not a JSON object";
  const auto& haproxy = member(pool, "haproxy");
  if (!haproxy.is_object() && !haproxy.is_null())
    return "\"haproxy\" is not an object";
  for (const char* list : {"frontends", "backends"}) {
    if (!list_or_absent(member(haproxy, list)))
      return "\"haproxy." + std::string(list) + "\" is not a list";
  }
  return std::nullopt;
}

bool is_empty(const pool_document& pool) {
  return !unusable(pool) && objects(pool, "frontends").empty() && objects(pool, "backends").empty();
}

bool made_by_dklb(const pool_document& pool) {
  const auto& port = member(member(member(pool, "haproxy"), "stats"), "bindPort");
  return port.is_number() && port == 0;
}

std::vector<indexed_object> index_objects(std::string_view cluster, const pool_document& pool,
                                          std::string_view list) {
  std::vector<indexed_object> index;
  const auto& entries = objects(pool, list);
  index.reserve(entries.size());
  for (std::size_t position = 0; position < entries.size(); ++position) {
    const auto name = text(member(entries[position], "name"));
    index.push_back({position, name, owner_of(cluster, name)});
  }
  return index;
}

std::unordered_set<std::string_view> linked_backends(const pool_document& pool) {
  std::unordered_set<std::string_view> names;
  for (const auto& frontend : objects(pool, "frontends")) {
    const auto& link = member(frontend, "linkBackend");
    names.insert(text(member(link, "defaultBackend")));
    for (const auto& rule : items(member(link, "map")))
      names.insert(text(member(rule, "backend")));
  }
  return names;
}

bool serves_nobody(const pool_document& backend) {
  const auto& servers = items(member(backend, "services"));
  if (servers.size() != 1)
    return servers.empty();
  const auto& endpoint = member(servers.front(), "endpoint");
  return text(member(endpoint, "type")) == "ADDRESS"
         && text(member(endpoint, "address")) == no_server_address
         && port_number(member(endpoint, "port")) == no_server_port;
}

bool left_behind(const pool_document& backend, const std::unordered_set<std::string_view>& linked) {
  return linked.contains(text(member(backend, "name"))) && serves_nobody(backend);
}

std::set<service_key> owners_in(std::string_view cluster, const pool_document& document) {
  std::set<service_key> owners;
  for (const auto& object : index_objects(cluster, document, "frontends")) {
    if (object.owner)
      owners.insert(object.owner->service);
  }
  const auto linked = linked_backends(document);
  const auto& backends = objects(document, "backends");
  for (const auto& object : index_objects(cluster, document, "backends")) {
    if (object.owner && !left_behind(backends[object.position], linked))
      owners.insert(object.owner->service);
  }
  return owners;
}

pool_snapshot snapshot_of(const pool_document& document) {
  // The library's unordered kind sorts the keys of each object.
  const auto sorted = nlohmann::json(document).dump();
  return {document.dump(), std::hash<std::string>{}(sorted)};
}

pool_document document_of(const pool_snapshot& snapshot) {
  return read_document(snapshot.json);
}

} // namespace dklb::domain
