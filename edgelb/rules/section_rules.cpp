#include "edgelb/rules/section_rules.hpp"

#include "domain/config/config.hpp"
#include "edgelb/pools/agents.hpp"
#include "edgelb/render/raw_lines.hpp"
#include "edgelb/rules/pattern.hpp"
#include "edgelb/rules/pool_rules.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <initializer_list>

namespace dklb::edgelb {
namespace {

/// A rule for where a frontend sends its traffic.
using link_rule = problem (*)(const document& frontend, const std::set<std::string>& backends);

/// HAProxy's own rule for the names of sections.
problem has_section_name(const document& object) {
  static const char* allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.:";
  const auto name = text_at(object, "name");
  if (name.empty())
    return "it needs a name";
  if (name.find_first_not_of(allowed) != std::string::npos)
    return "the name is not valid: use letters, digits, and - _ . :";
  if (name == stats_section)
    return "the name is kept for the pool's statistics; choose another one";
  if (name == exporter_section)
    return "the name is kept for HAProxy's exporter; choose another one";
  return {};
}

problem needs_no_certificate(const document& frontend) {
  const auto protocol = text_at(frontend, "protocol");
  if (protocol != "HTTPS" && protocol != "TLS")
    return {};
  return "the protocol " + protocol
         + " needs a certificate, and certificates cannot be given here; use TCP, which passes an "
           "encrypted connection through, or HTTP";
}

problem has_bind_address(const document& frontend) {
  if (is_bind_address(text_at(frontend, "bindAddress")))
    return {};
  return "bindAddress must be an IP address without brackets, not "
         + member_at(frontend, "bindAddress").dump()
         + "; use 0.0.0.0 for all addresses of the agent";
}

problem has_bind_port(const document& frontend) {
  if (integer_at(frontend, "bindPort", -1) >= 0)
    return {};
  return "bindPort is missing: give a port, or 0 for a free one";
}

problem redirects_http_only(const document& frontend) {
  if (member_at(frontend, "redirectToHttps").is_null() || text_at(frontend, "protocol") == "HTTP")
    return {};
  return "redirectToHttps needs the protocol HTTP; change the protocol, or leave it out";
}

problem links_to_a_backend(const document& frontend, const std::set<std::string>& backends) {
  const auto target = text_at(member_at(frontend, "linkBackend"), "defaultBackend");
  if (target.empty() || backends.count(target) != 0)
    return {};
  return "linkBackend.defaultBackend: the pool has no backend " + in_quotes(target)
         + "; name one that it has, or add it";
}

problem maps_http_only(const document& frontend) {
  const auto& map = member_at(member_at(frontend, "linkBackend"), "map");
  if (map.empty() || text_at(frontend, "protocol") == "HTTP")
    return {};
  return "linkBackend.map needs the protocol HTTP; change the protocol, or use defaultBackend";
}

/// Whether the object has a text that is not empty under one of the keys.
bool has_any(const document& object, std::initializer_list<const char*> keys) {
  return std::any_of(keys.begin(), keys.end(),
                     [&](const char* key) { return !text_at(object, key).empty(); });
}

problem maps_to_backends(const document& frontend, const std::set<std::string>& backends) {
  for (const auto& entry : member_at(member_at(frontend, "linkBackend"), "map")) {
    if (const auto target = text_at(entry, "backend"); backends.count(target) == 0)
      return "linkBackend.map: the pool has no backend " + in_quotes(target)
             + "; name one that it has, or add it";
    if (!has_any(entry, {"hostEq", "hostReg", "pathBeg", "pathEnd", "pathReg"}))
      return "linkBackend.map: each entry needs a condition (hostEq, hostReg, pathBeg, pathEnd or "
             "pathReg); use defaultBackend for the rest";
  }
  return {};
}

/// edgelb-local's own: a comment limits how long connections to a server that leaves go on.
problem has_readable_drain(const document& backend) {
  for (const auto& words : raw_lines(backend)) {
    const bool drains = words.size() == 3 && words[0] == "#" && words[1] == "drain";
    if (drains && !domain::parse_duration(words[2]))
      return "miscStrs: \"# drain\" needs a duration such as 30s or 5m, not " + in_quotes(words[2])
             + "; correct it, or remove the line";
  }
  return {};
}

problem has_services(const document& backend) {
  if (!member_at(backend, "services").empty())
    return {};
  return "it has no services: give it at least one, or remove the backend";
}

problem rewrites_like_to_like(const document& backend) {
  const auto& path = member_at(member_at(backend, "rewriteHttp"), "path");
  const auto from = text_at(path, "fromPath");
  const auto to = text_at(path, "toPath");
  for (const auto& one : {from, to}) {
    if (!one.empty() && one.front() != '/')
      return "rewriteHttp.path: " + in_quotes(one) + " must begin with /";
  }
  // An empty path and a toPath of "/" are the whole site, which ends in a slash either way.
  if (from.empty() || to.empty() || to == "/" || from.ends_with('/') == to.ends_with('/'))
    return {};
  return "rewriteHttp.path: only one of fromPath " + in_quotes(from) + " and toPath "
         + in_quotes(to) + " ends in /; let both end in it, or none";
}

bool is_of_type_address(const document& service) {
  return text_at(member_at(service, "endpoint"), "type") == "ADDRESS";
}

problem has_readable_patterns(const document& service) {
  for (const char* part : {"mesos", "marathon"}) {
    for (const auto& [key, value] : member_at(service, part).items()) {
      if (!key.ends_with("Pattern") || !value.is_string())
        continue;
      if (auto made = pattern::compile(value.get<std::string>(), pattern::match::anywhere); !made)
        return key + ": " + made.failure().message;
    }
  }
  return {};
}

problem selects_completely(const document& service) {
  const auto& mesos = member_at(service, "mesos");
  const auto& marathon = member_at(service, "marathon");
  const bool framework =
    has_any(mesos, {"frameworkName", "frameworkNamePattern", "frameworkID", "frameworkIDPattern"});
  const bool task = has_any(mesos, {"taskName", "taskNamePattern", "taskID", "taskIDPattern"});
  const bool app = has_any(marathon, {"serviceID", "serviceIDPattern"});
  const bool container = has_any(marathon, {"containerName", "containerNamePattern"});
  if (framework != task)
    return std::string("mesos selects no ") + (task ? "framework" : "task") + "; add "
           + (task ? "frameworkName or another selector of the framework"
                   : "taskName or another selector of the task");
  if (container && !app)
    return "marathon selects no service; add serviceID or serviceIDPattern";
  if (!framework && !app && !is_of_type_address(service))
    return "a service selects nothing; add serviceID to marathon, or a framework and a task to "
           "mesos, or give an endpoint of type ADDRESS";
  return {};
}

bool is_host_name(const std::string& text) {
  return std::all_of(text.begin(), text.end(), [](char letter) {
    return std::isalnum(static_cast<unsigned char>(letter)) != 0 || letter == '-' || letter == '.'
           || letter == '_';
  });
}

problem has_address_and_port(const document& service) {
  if (!is_of_type_address(service))
    return {};
  const auto& endpoint = member_at(service, "endpoint");
  const auto address = text_at(endpoint, "address");
  if (address.empty() || integer_at(endpoint, "port", -1) < 1)
    return "an endpoint of type ADDRESS needs an address and a port; give both";
  if (!is_address(address) && !is_host_name(address))
    return "the endpoint address " + in_quotes(address)
           + " is neither an IP address nor a host name; give one of them";
  return {};
}

constexpr std::array<rule, 6> frontend_rules{has_section_name,    needs_no_certificate,
                                             has_bind_address,    has_bind_port,
                                             redirects_http_only, maps_http_only};
constexpr std::array<link_rule, 2> link_rules{links_to_a_backend, maps_to_backends};
constexpr std::array<rule, 4> backend_rules{has_section_name, has_services, has_readable_drain,
                                            rewrites_like_to_like};
constexpr std::array<rule, 3> service_rules{has_readable_patterns, selects_completely,
                                            has_address_and_port};

template <class Rules, class... Facts>
problem first_broken(const Rules& rules, const Facts&... facts) {
  for (const auto& check : rules) {
    if (auto wrong = check(facts...))
      return wrong;
  }
  return {};
}

problem named(const char* kind, const document& object, const problem& wrong) {
  if (!wrong)
    return {};
  return kind + (" " + in_quotes(text_at(object, "name"))) + ": " + *wrong;
}

} // namespace

bool is_bind_address(const std::string& text) {
  return is_address(text) && text.find_first_of("[]*") == std::string::npos;
}

problem check_frontend(const document& frontend, const std::set<std::string>& backends) {
  auto wrong = first_broken(frontend_rules, frontend);
  if (!wrong)
    wrong = first_broken(link_rules, frontend, backends);
  return named("frontend", frontend, wrong);
}

problem check_backend(const document& backend) {
  auto wrong = first_broken(backend_rules, backend);
  for (const auto& service : member_at(backend, "services")) {
    if (!wrong)
      wrong = first_broken(service_rules, service);
  }
  return named("backend", backend, wrong);
}

} // namespace dklb::edgelb
