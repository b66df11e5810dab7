#include "edgelb/rules/pool_schema.hpp"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

namespace dklb::edgelb {
namespace {

enum class kind { text, flag, integer, number, object, objects, texts, integers };

struct field;
using schema = std::vector<field>;

/// One known field: its type, what it may hold, and what a server puts there.
struct field {
  const char* name;
  kind type;
  std::optional<document> fallback;
  bool nullable = false;
  const schema* inner = nullptr; ///< of an object, or of each object in an array
  std::vector<const char*> allowed = {};
  std::int64_t least = std::numeric_limits<std::int32_t>::min();
  std::int64_t most = std::numeric_limits<std::int32_t>::max();
};

const document empty_list = document::array();
const document empty_object = document::object();
const std::vector<const char*> protocols{"HTTP", "HTTPS", "TCP", "TLS"};

const schema map_entry{
  {"backend", kind::text, {}}, {"hostEq", kind::text, {}},  {"hostReg", kind::text, {}},
  {"pathBeg", kind::text, {}}, {"pathEnd", kind::text, {}}, {"pathReg", kind::text, {}},
};

const schema link_backend{
  {"defaultBackend", kind::text, {}},
  {"map", kind::objects, empty_list, false, &map_entry},
};

const schema redirect_exception{{"host", kind::text, {}}, {"pathBeg", kind::text, {}}};
const schema redirect_to_https{{"except", kind::objects, empty_list, false, &redirect_exception}};

const schema frontend{
  {"bindAddress", kind::text, "0.0.0.0"},
  {"bindPort", kind::integer, -1, true, nullptr, {}, -1, 65535},
  {"bindModifier", kind::text, ""},
  {"protocol", kind::text, "TCP", false, nullptr, protocols},
  {"certificates", kind::texts, empty_list},
  {"miscStrs", kind::texts, empty_list},
  {"linkBackend", kind::object, {}, true, &link_backend},
  {"redirectToHttps", kind::object, {}, true, &redirect_to_https},
};

const schema custom_check{
  {"httpchk", kind::flag, {}},
  {"httpchkMiscStr", kind::text, {}},
  {"sslHelloChk", kind::flag, {}},
  {"miscStr", kind::text, {}},
};

const schema rewrite_request{
  {"forwardfor", kind::flag, true},
  {"rewritePath", kind::flag, true},
  {"setHostHeader", kind::flag, true},
  {"xForwardedPort", kind::flag, true},
  {"xForwardedProtoHttpsIfTls", kind::flag, true},
};
const schema rewrite_response{{"rewriteLocation", kind::flag, true}};
const schema sticky{{"enabled", kind::flag, true}, {"customStr", kind::text, {}}};
const schema rewrite_path{{"fromPath", kind::text, {}}, {"toPath", kind::text, {}}};

const schema rewrite_http{
  {"host", kind::text, {}},
  {"path", kind::object, {}, true, &rewrite_path},
  {"request", kind::object, empty_object, false, &rewrite_request},
  {"response", kind::object, empty_object, false, &rewrite_response},
  {"sticky", kind::object, {}, true, &sticky},
};

const schema marathon{
  {"serviceID", kind::text, {}},
  {"serviceIDPattern", kind::text, {}},
  {"containerName", kind::text, {}},
  {"containerNamePattern", kind::text, {}},
};

const schema mesos{
  {"frameworkName", kind::text, {}}, {"frameworkNamePattern", kind::text, {}},
  {"frameworkID", kind::text, {}},   {"frameworkIDPattern", kind::text, {}},
  {"taskName", kind::text, {}},      {"taskNamePattern", kind::text, {}},
  {"taskID", kind::text, {}},        {"taskIDPattern", kind::text, {}},
};

const schema check{{"enabled", kind::flag, true}, {"customStr", kind::text, {}}};

const schema endpoint{
  {"type",
   kind::text,
   "AUTO_IP",
   false,
   nullptr,
   {"AUTO_IP", "AGENT_IP", "CONTAINER_IP", "ADDRESS"}},
  {"port", kind::integer, -1, false, nullptr, {}, -1, 65535},
  {"portName", kind::text, {}},
  {"allPorts", kind::flag, {}},
  {"address", kind::text, {}},
  {"check", kind::object, empty_object, false, &check},
  {"miscStr", kind::text, {}},
};

const schema service{
  {"marathon", kind::object, empty_object, false, &marathon},
  {"mesos", kind::object, empty_object, false, &mesos},
  {"endpoint", kind::object, empty_object, false, &endpoint},
};

const schema backend{
  {"name", kind::text, {}},
  {"protocol", kind::text, "TCP", false, nullptr, protocols},
  {"balance", kind::text, "roundrobin"},
  {"miscStrs", kind::texts, empty_list},
  {"customCheck", kind::object, {}, true, &custom_check},
  {"rewriteHttp", kind::object, empty_object, false, &rewrite_http},
  {"services", kind::objects, empty_list, false, &service},
};

const schema stats{
  {"bindAddress", kind::text, "0.0.0.0"},
  {"bindPort", kind::integer, 9090, false, nullptr, {}, 0, 65535},
};

const schema haproxy{
  {"backends", kind::objects, empty_list, false, &backend},
  {"frontends", kind::objects, empty_list, false, &frontend},
  {"stats", kind::object, empty_object, false, &stats},
};

const schema virtual_network{{"name", kind::text, {}}};
const schema secret{{"secret", kind::text, {}}, {"file", kind::text, {}}};

const schema pool{
  {"apiVersion", kind::text, "V2", false, nullptr, {"V1", "V2"}},
  {"name", kind::text, {}},
  {"namespace", kind::text, "dcos-edgelb/pools", true},
  {"packageName", kind::text, "edgelb-pool"},
  {"packageVersion", kind::text, "v0.0.0"},
  {"role", kind::text, "slave_public"},
  {"cpus", kind::number, 0.9, false, nullptr, {}, 0},
  {"cpusAdminOverhead", kind::number, 0.1, false, nullptr, {}, 0},
  {"mem", kind::integer, 992, false, nullptr, {}, 0},
  {"memAdminOverhead", kind::integer, 32, false, nullptr, {}, 0},
  {"disk", kind::integer, 256, false, nullptr, {}, 0},
  {"count", kind::integer, 1, true, nullptr, {}, 0},
  {"constraints", kind::text, "hostname:UNIQUE", true},
  {"ports", kind::integers, empty_list},
  {"poolHealthcheckGracePeriod", kind::integer, 180},
  {"poolHealthcheckInterval", kind::integer, 12},
  {"poolHealthcheckMaxFail", kind::integer, 5},
  {"poolHealthcheckTimeout", kind::integer, 60},
  {"virtualNetworks", kind::objects, empty_list, false, &virtual_network},
  {"secrets", kind::objects, empty_list, false, &secret},
  {"environmentVariables", kind::object, {}},
  {"autoCertificate", kind::flag, {}},
  {"principal", kind::text, {}, true},
  {"secretName", kind::text, {}, true},
  {"cloudProvider", kind::object, {}, true},
  {"haproxy", kind::object, empty_object, false, &haproxy},
};

/// What a value of this kind is called in an error; empty where the value is one.
std::string mismatch(const document& value, kind type) {
  const auto all = [&](auto&& test) {
    return value.is_array() && std::all_of(value.begin(), value.end(), test);
  };
  switch (type) {
  case kind::text:
    return value.is_string() ? "" : "a string";
  case kind::flag:
    return value.is_boolean() ? "" : "true or false";
  case kind::integer:
    return is_int(value) ? "" : "an integer of 32 bits";
  case kind::number:
    return value.is_number() ? "" : "a number";
  case kind::object:
    return value.is_object() ? "" : "an object";
  case kind::objects:
    return all([](const document& entry) { return entry.is_object(); }) ? "" : "a list of objects";
  case kind::texts:
    return all([](const document& entry) { return entry.is_string(); }) ? "" : "a list of strings";
  case kind::integers:
    return all(is_int) ? "" : "a list of integers of 32 bits";
  }
  return "something else";
}

using problem = std::optional<std::string>;

problem check_bounds(const document& value, const field& rule, const std::string& path) {
  if (!rule.allowed.empty()) {
    std::string names;
    for (const char* name : rule.allowed) {
      if (value == name)
        return {};
      names += (names.empty() ? "" : ", ") + std::string(name);
    }
    return path + " must be one of " + names + ", not " + value.dump();
  }
  const bool bounded = rule.type == kind::integer || rule.type == kind::number;
  if (bounded && value.get<double>() < static_cast<double>(rule.least))
    return path + " must be at least " + std::to_string(rule.least) + ", not " + value.dump();
  if (bounded && value.get<double>() > static_cast<double>(rule.most))
    return path + " must be at most " + std::to_string(rule.most) + ", not " + value.dump();
  return {};
}

problem complete(document& object, const schema& fields, const std::string& path);

problem complete_field(document& value, const field& rule, const std::string& path) {
  if (auto expected = mismatch(value, rule.type); !expected.empty())
    return path + " must be " + expected;
  if (auto found = check_bounds(value, rule, path))
    return found;
  if (rule.inner == nullptr)
    return {};
  if (rule.type == kind::object)
    return complete(value, *rule.inner, path);
  for (std::size_t index = 0; index < value.size(); ++index) {
    if (auto found = complete(value[index], *rule.inner, path + "[" + std::to_string(index) + "]"))
      return found;
  }
  return {};
}

problem complete(document& object, const schema& fields, const std::string& path) {
  for (const auto& rule : fields) {
    const auto found = object.find(rule.name);
    const bool absent = found == object.end();
    if (!absent && found->is_null() && (rule.nullable || !rule.fallback))
      continue;
    if (absent && !rule.fallback)
      continue;
    if (absent || found->is_null())
      object[rule.name] = *rule.fallback;
    const auto inner_path = path.empty() ? std::string(rule.name) : path + "." + rule.name;
    if (auto wrong = complete_field(object[rule.name], rule, inner_path))
      return wrong;
  }
  return {};
}

/// The one default that depends on other fields.
void name_frontends(document& given) {
  for (auto& entry : given["haproxy"]["frontends"]) {
    if (member_at(entry, "name").is_null())
      entry["name"] = "frontend_" + text_at(entry, "bindAddress") + "_"
                      + std::to_string(integer_at(entry, "bindPort", -1));
  }
}

} // namespace

domain::result<document> complete_pool(document given) {
  if (!given.is_object())
    return failure(400, "a pool must be a JSON object");
  if (auto wrong = complete(given, pool, ""))
    return failure(400, *wrong);
  name_frontends(given);
  for (const auto& entry : given["haproxy"]["frontends"]) {
    if (!entry["name"].is_string())
      return failure(400, "haproxy.frontends: a name must be a string");
  }
  return given;
}

} // namespace dklb::edgelb
