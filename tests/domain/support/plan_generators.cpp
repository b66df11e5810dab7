#include "tests/domain/support/plan_generators.hpp"

#include "domain/document/pool_document.hpp"

#include <chrono>
#include <cstdlib>

namespace dklb::domain::testing {

namespace {

constexpr int services = 5;

/// The same draws in every run; RC_PARAMS="seed=..." in the environment looks further.
const int seeded = setenv("RC_PARAMS", "seed=20240501", 0);

int number(int from, int to) {
  // At full size: rapidcheck's first, small draws would make every world the same empty one.
  return *rc::gen::resize(rc::kNominalSize, rc::gen::inRange(from, to + 1));
}

bool one_in(int chances) {
  return number(1, chances) == 1;
}

std::string any_service() {
  return "s" + std::to_string(number(0, services - 1));
}

const std::vector<std::string>& words() {
  static const std::vector<std::string> known{
    "name",           "role",          "count",       "cpus",         "mem",      "haproxy",
    "stats",          "bindPort",      "bindAddress", "bindModifier", "::",       "v4v6",
    "frontends",      "backends",      "linkBackend", "map",          "backend",  "services",
    "endpoint",       "address",       "type",        "ADDRESS",      "marathon", "mesos",
    "check",          "aws",           "elbs",        "listeners",    "private",  "virtualNetworks",
    "defaultBackend", "cloudProvider", "linkFrontend"};
  return known;
}

pool_document json_value(int depth) {
  switch (number(0, depth > 0 ? 8 : 5)) {
  case 0:
    return nullptr;
  case 1:
    return number(-1, 90);
  case 2:
    return one_in(2);
  case 3:
    return own(any_service(), number(1, 3));
  case 4:
    return *rc::gen::elementOf(words());
  case 5:
    return number(0, 100) / 8.0;
  case 6: {
    auto list = pool_document::array();
    for (int left = number(0, 4); left > 0; --left)
      list.push_back(json_value(depth - 1));
    return list;
  }
  default: {
    auto object = pool_document::object();
    for (int left = number(0, 5); left > 0; --left)
      object[*rc::gen::elementOf(words())] = json_value(depth - 1);
    return object;
  }
  }
}

pool_document foreign_object(const char* kind, int which) {
  pool_document object{{"name", std::string(kind) + std::to_string(which)},
                       {"bindPort", number(78, 90)},
                       {"unknown", json_value(2)}};
  if (one_in(3))
    object["linkBackend"] = {{"defaultBackend", own(any_service(), number(1, 3))}};
  if (one_in(4))
    object["name"] = json_value(0);
  return object;
}

/// A line of `miscStrs`, of a person or as dklb marks its own.
std::string any_line() {
  return *rc::gen::elementOf(std::vector<std::string>{
    "timeout client 5s", "acl dklb_sources src 0.0.0.0/0", "maxconn 5 # dklb", "# drain 5s",
    "# server send-proxy # dklb", "# check port 1 # dklb", "# httpchk GET / # dklb",
    "# unchecked # dklb", ""});
}

/// Objects as an earlier plan would have written them, then perhaps changed by hand.
pool_document own_object(const pool_document& made) {
  auto object = made;
  if (one_in(4))
    object["miscStrs"].push_back(any_line());
  if (one_in(6))
    object["miscStrs"] = {any_line(), any_line()};
  if (one_in(6))
    object["customCheck"] = {{"httpchk", true}, {"sslHelloChk", one_in(2)}};
  if (one_in(6) && !items(member(object, "services")).empty())
    object["services"][0]["endpoint"]["miscStr"] = one_in(2) ? "weight 5" : "send-proxy";
  if (one_in(4))
    object["bindPort"] = json_value(0);
  if (one_in(4))
    object[*rc::gen::elementOf(words())] = json_value(2);
  if (!object.contains("name") || object["name"] != made["name"])
    object["name"] = made["name"];
  return object;
}

traffic_wishes traffic_value() {
  traffic_wishes wishes;
  if (one_in(3))
    wishes.proxy = one_in(2) ? proxy_protocol::v1 : proxy_protocol::v2;
  if (one_in(3))
    wishes.balance = *rc::gen::element(balance_rule::leastconn, balance_rule::roundrobin,
                                       balance_rule::source, balance_rule::random);
  auto& check = wishes.health_check;
  if (one_in(2))
    check.type =
      *rc::gen::element(health_check_type::tcp, health_check_type::http, health_check_type::none);
  if (one_in(4))
    check.port = number(30001, 30003);
  if (one_in(4))
    check.fall = number(1, 3);
  if (one_in(4))
    wishes.timeouts.client = std::chrono::milliseconds{number(10, 5000)};
  if (one_in(4))
    wishes.timeouts.server = std::chrono::seconds{number(1, 50)};
  if (one_in(4))
    wishes.max_connections = number(1, 100);
  if (one_in(4))
    wishes.drain = std::chrono::seconds{number(1, 100)};
  return wishes;
}

claimed_fields fields_value() {
  claimed_fields fields;
  fields.client_affinity = one_in(3);
  fields.local_check_port = one_in(3) ? number(32000, 32001) : 0;
  fields.ranges.limited = one_in(2);
  if (fields.ranges.limited && one_in(2))
    fields.ranges.ipv4 = one_in(3) ? std::vector<std::string>{"0.0.0.0/0"}
                                   : std::vector<std::string>{"10.0.0.0/8", "192.0.2.0/24"};
  if (fields.ranges.limited && one_in(3))
    fields.ranges.ipv6 = {one_in(2) ? "::/0" : "fd00::/8"};
  return fields;
}

pool_claim any_claim(int which) {
  auto claim = testing::claim("s" + std::to_string(which), {});
  claim.creation_timestamp = "2024-01-0" + std::to_string(number(1, 3)) + "T00:00:00Z";
  for (int port = 1; port <= 3; ++port) {
    if (one_in(2))
      claim.ports.push_back({port, one_in(15) ? 0 : 30000 + number(1, 2), number(80, 85)});
  }
  if (one_in(4))
    claim.size = number(1, 2);
  if (one_in(6))
    claim.cpus = number(1, 2) / 10.0;
  if (one_in(8))
    claim.role = one_in(2) ? "*" : "slave_public";
  if (one_in(8))
    claim.network = one_in(2) ? "dcos" : "";
  if (one_in(12))
    claim.cloud_provider = R"({"aws": {"elbs": []}})";
  claim.creation = *rc::gen::element(creation_strategy::if_not_present, creation_strategy::once,
                                     creation_strategy::never);
  claim.had_address = one_in(2);
  claim.paused = one_in(8);
  if (one_in(2))
    claim.traffic = traffic_value();
  if (one_in(2))
    claim.fields = fields_value();
  claim.families = *rc::gen::element(ip_families::unknown, ip_families::ipv4, ip_families::ipv6,
                                     ip_families::ipv4_ipv6, ip_families::ipv6_ipv4);
  if (one_in(5))
    claim.bind_address = *rc::gen::element<std::string>("192.0.2.1", "192.0.2.2", "2001:db8::1");
  return claim;
}

std::vector<pool_claim> claims_value() {
  std::vector<pool_claim> claims;
  for (int which = 0; which < services; ++which) {
    if (!one_in(4))
      claims.push_back(any_claim(which));
  }
  return claims;
}

std::vector<listed_node> nodes_value() {
  std::vector<listed_node> nodes;
  for (int which = 0; which < 4; ++which) {
    if (one_in(4))
      continue;
    const auto number = std::to_string(which);
    std::vector<std::string> addresses;
    if (!one_in(4))
      addresses.push_back("10.0.0." + number);
    if (one_in(2))
      addresses.push_back("2001:db8::" + number);
    auto node = ready_node("n" + number, addresses);
    node.proven = node.ready = !one_in(3);
    node.excluded = one_in(4);
    node.to_be_deleted = one_in(6);
    nodes.push_back(std::move(node));
  }
  return nodes;
}

std::set<service_key> services_value(int chances) {
  std::set<service_key> chosen;
  for (int which = 0; which < services; ++which) {
    if (one_in(chances))
      chosen.insert(key("s" + std::to_string(which)));
  }
  return chosen;
}

pool_document pool_value() {
  const auto made =
    plan_pool(one_in(2) ? mesos_mode() : over_nodes(nodes_value()),
              input(pool(), one_in(3) ? std::vector<pool_claim>{} : claims_value()));
  auto result = made.action == pool_action::none ? pool() : made.document;
  for (const char* list : {"frontends", "backends"}) {
    auto mixed = pool_document::array();
    for (const auto& each : result["haproxy"][list]) {
      for (int left = number(0, 1); left > 0; --left)
        mixed.push_back(foreign_object(list, static_cast<int>(mixed.size())));
      if (!one_in(10))
        mixed.push_back(own_object(each));
    }
    if (one_in(3))
      mixed.push_back(foreign_object(list, static_cast<int>(mixed.size())));
    result["haproxy"][list] = std::move(mixed);
  }
  result["future"] = json_value(2);
  if (one_in(4))
    result["count"] = nullptr;
  return result;
}

} // namespace

rc::Gen<pool_settings> any_settings() {
  return rc::gen::exec([] { return one_in(2) ? mesos_mode() : over_nodes(nodes_value()); });
}

rc::Gen<pool_document> any_json() {
  return rc::gen::exec([] {
    auto value = json_value(5);
    // Half of them with the outline of a pool, so that the inner parts are reached.
    if (one_in(2))
      return value;
    return pool_document{
      {"name", "shared"},
      {"haproxy", {{"frontends", json_value(4)}, {"backends", json_value(4)}, {"stats", value}}}};
  });
}

rc::Gen<pool_document> any_pool() {
  return rc::gen::exec(pool_value);
}

rc::Gen<std::vector<pool_claim>> any_claims() {
  return rc::gen::exec(claims_value);
}

rc::Gen<std::set<service_key>> any_services() {
  return rc::gen::exec([] { return services_value(2); });
}

rc::Gen<pool_plan_input> any_input() {
  return rc::gen::exec([] {
    auto given = input(one_in(4) ? std::nullopt : std::optional(pool_value()), claims_value(),
                       services_value(4));
    given.excluded = services_value(8);
    given.held_ours = one_in(2);
    return given;
  });
}

} // namespace dklb::domain::testing
