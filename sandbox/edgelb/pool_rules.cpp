#include "sandbox/edgelb/pool_rules.hpp"

#include "domain/names.hpp"
#include "sandbox/edgelb/agents.hpp"
#include "sandbox/edgelb/constraints.hpp"
#include "sandbox/edgelb/pattern.hpp"

#include <algorithm>
#include <cctype>
#include <map>
#include <optional>
#include <set>

namespace dklb::sandbox::edgelb {
namespace {

using problem = std::optional<std::string>;

/// HAProxy's own rule for the names of sections.
problem check_name(const std::string& name, const std::string& what) {
  static const char* allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.:";
  if (name.empty())
    return "each " + what + " needs a name";
  if (name.find_first_not_of(allowed) != std::string::npos)
    return "the " + what + " name " + document(name).dump()
           + " is not valid: use letters, digits, and - _ . :";
  if (name == stats_section)
    return "the name " + name + " is kept for the pool's statistics";
  return {};
}

bool is_host_name(const std::string& text) {
  return std::all_of(text.begin(), text.end(), [](char letter) {
    return std::isalnum(static_cast<unsigned char>(letter)) != 0 || letter == '-' || letter == '.'
           || letter == '_';
  });
}

problem check_protocol(const document& object, const std::string& what) {
  const auto protocol = text_at(object, "protocol");
  if (protocol == "HTTPS" || protocol == "TLS")
    return what + ": the protocol " + protocol
           + " is not served here, because certificates cannot be given; use TCP, which passes an "
             "encrypted connection through, or HTTP";
  return {};
}

problem check_map(const document& frontend, const std::string& what,
                  const std::set<std::string>& backends) {
  const auto& link = member_at(frontend, "linkBackend");
  const auto target = text_at(link, "defaultBackend");
  if (!target.empty() && backends.count(target) == 0)
    return what + ": the pool has no backend \"" + target + "\" (linkBackend.defaultBackend)";
  const auto& map = member_at(link, "map");
  if (!map.empty() && text_at(frontend, "protocol") != "HTTP")
    return what + ": linkBackend.map needs the protocol HTTP";
  for (const auto& entry : map) {
    if (backends.count(text_at(entry, "backend")) == 0)
      return what + ": the pool has no backend \"" + text_at(entry, "backend")
             + "\" (linkBackend.map)";
    bool conditional = false;
    for (const char* key : {"hostEq", "hostReg", "pathBeg", "pathEnd", "pathReg"})
      conditional = conditional || !text_at(entry, key).empty();
    if (!conditional)
      return what
             + ": each entry of linkBackend.map needs a condition; use defaultBackend for the "
               "rest";
  }
  return {};
}

problem check_frontend(const document& frontend, const std::set<std::string>& backends) {
  const auto name = text_at(frontend, "name");
  if (auto wrong = check_name(name, "frontend"))
    return wrong;
  const auto what = "frontend " + name;
  if (auto wrong = check_protocol(frontend, what))
    return wrong;
  if (!is_address(text_at(frontend, "bindAddress")))
    return what + ": bindAddress must be an IP address, not "
           + member_at(frontend, "bindAddress").dump();
  if (integer_at(frontend, "bindPort", -1) < 0)
    return what + ": bindPort is missing: give a port, or 0 for a free one";
  if (!member_at(frontend, "redirectToHttps").is_null() && text_at(frontend, "protocol") != "HTTP")
    return what + ": redirectToHttps needs the protocol HTTP";
  return check_map(frontend, what, backends);
}

problem check_selector(const document& selector, const std::string& what) {
  for (const auto& [key, value] : selector.items()) {
    const bool is_pattern = key.size() > 7 && key.compare(key.size() - 7, 7, "Pattern") == 0;
    if (!is_pattern || !value.is_string())
      continue;
    if (auto made = pattern::compile(value.get<std::string>(), pattern::match::anywhere); !made)
      return what + ": " + key + ": " + made.failure().message;
  }
  return {};
}

problem check_service(const document& service, const std::string& what) {
  for (const char* part : {"mesos", "marathon"}) {
    if (auto wrong = check_selector(member_at(service, part), what))
      return wrong;
  }
  const auto& endpoint = member_at(service, "endpoint");
  if (text_at(endpoint, "type") != "ADDRESS")
    return {};
  const auto address = text_at(endpoint, "address");
  if (address.empty() || integer_at(endpoint, "port", -1) < 1)
    return what + ": an endpoint of type ADDRESS needs an address and a port";
  if (!is_address(address) && !is_host_name(address))
    return what + ": the endpoint address " + document(address).dump()
           + " is neither an IP address nor a host name";
  return {};
}

problem check_backend(const document& backend) {
  const auto name = text_at(backend, "name");
  if (auto wrong = check_name(name, "backend"))
    return wrong;
  const auto what = "backend " + name;
  if (auto wrong = check_protocol(backend, what))
    return wrong;
  for (const auto& service : member_at(backend, "services")) {
    if (auto wrong = check_service(service, what))
      return wrong;
  }
  return {};
}

/// Two listeners of one pool on one port: HAProxy would share the port between them silently.
problem check_ports(const document& haproxy) {
  std::map<std::string, std::string> taken;
  const auto claim = [&](const document& listener, const std::string& name) -> problem {
    const int port = integer_at(listener, "bindPort", -1);
    const auto socket = socket_text(text_at(listener, "bindAddress"), port);
    if (const auto [found, fresh] = taken.emplace(socket, name); port != 0 && !fresh)
      return name + ": the port " + std::to_string(port) + " is bound by " + found->second
             + " already";
    return {};
  };
  if (auto wrong = claim(haproxy["stats"], "the pool's statistics"))
    return wrong;
  for (const auto& frontend : haproxy["frontends"]) {
    if (auto wrong = claim(frontend, "frontend " + text_at(frontend, "name")))
      return wrong;
  }
  return {};
}

problem check_haproxy(const document& haproxy) {
  std::set<std::string> backends;
  for (const auto& backend : haproxy["backends"]) {
    if (auto wrong = check_backend(backend))
      return wrong;
    if (!backends.insert(text_at(backend, "name")).second)
      return "two backends are named " + text_at(backend, "name");
  }
  std::set<std::string> frontends;
  for (const auto& frontend : haproxy["frontends"]) {
    if (auto wrong = check_frontend(frontend, backends))
      return wrong;
    if (!frontends.insert(text_at(frontend, "name")).second)
      return "two frontends are named " + text_at(frontend, "name");
  }
  if (!is_address(text_at(haproxy["stats"], "bindAddress")))
    return "haproxy.stats.bindAddress must be an IP address";
  return check_ports(haproxy);
}

} // namespace

domain::result<domain::unit> check_pool(const document& pool) {
  const auto name = text_at(pool, "name");
  if (!domain::valid_pool_name(name))
    return failure(400, document(name).dump()
                          + " is not a valid pool name: use 1 to 63 of a-z, 0-9 and -, with a "
                            "letter or digit at both ends");
  if (text_at(pool, "apiVersion") != "V2")
    return failure(400, "pools of apiVersion V1 are not served; use V2");
  if (auto parsed = placement_constraints::parse(member_at(pool, "constraints")); !parsed)
    return parsed.failure();
  if (auto wrong = check_haproxy(pool["haproxy"]))
    return failure(400, *wrong);
  return domain::unit{};
}

} // namespace dklb::sandbox::edgelb
