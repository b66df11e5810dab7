#include "edgelb/rules/pool_rules.hpp"

#include "domain/base/names.hpp"
#include "edgelb/rules/constraints.hpp"
#include "edgelb/rules/pool_schema.hpp"
#include "edgelb/rules/section_rules.hpp"

#include <array>
#include <map>
#include <set>

namespace dklb::edgelb {
namespace {

problem has_valid_name(const document& pool) {
  const auto name = text_at(pool, "name");
  if (domain::valid_pool_name(name))
    return {};
  return in_quotes(name)
         + " is not a valid pool name: use 1 to 63 of a-z, 0-9 and -, with a letter or digit at "
           "both ends";
}

problem has_version_2(const document& pool) {
  if (text_at(pool, "apiVersion") == "V2")
    return {};
  return "pools of apiVersion V1 are not served; use V2";
}

problem has_readable_constraints(const document& pool) {
  if (auto parsed = placement_constraints::parse(member_at(pool, "constraints")); !parsed)
    return parsed.failure().message;
  return {};
}

/// The first text under `key` that two entries of the list share.
problem shared_text(const document& list, const char* key) {
  std::set<std::string> seen;
  for (const auto& entry : list) {
    const auto text = text_at(entry, key);
    if (!text.empty() && !seen.insert(text).second)
      return text;
  }
  return {};
}

problem has_distinct_networks(const document& pool) {
  if (const auto name = shared_text(member_at(pool, "virtualNetworks"), "name"))
    return "virtualNetworks: two entries are named " + in_quotes(*name) + "; remove one";
  return {};
}

problem has_distinct_secrets(const document& pool) {
  for (const char* key : {"secret", "file"}) {
    if (const auto text = shared_text(member_at(pool, "secrets"), key))
      return std::string("secrets: two entries have the same ") + key + " " + in_quotes(*text)
             + "; remove one";
  }
  return {};
}

/// edgelb-local's own: EdgeLB has DC/OS's secret store and certificate authority.
problem needs_no_secret_store(const document& pool) {
  if (member_at(pool, "secrets").empty())
    return {};
  return "secrets cannot be served: there is no secret store here. Leave them out, and put the "
         "file on the machine where HAProxy runs";
}

problem needs_no_certificate_authority(const document& pool) {
  if (!flag_at(pool, "autoCertificate", false))
    return {};
  return "autoCertificate cannot be served: there is no certificate authority here. Leave it out, "
         "and put a certificate on the machine where HAProxy runs";
}

problem has_distinct_names(const document& pool) {
  for (const char* kind : {"backend", "frontend"}) {
    const auto& list = member_at(member_at(pool, "haproxy"), (std::string(kind) + "s").c_str());
    if (const auto name = shared_text(list, "name"))
      return std::string("two ") + kind + "s are named " + *name + "; give each a name of its own";
  }
  return {};
}

problem has_stats_address(const document& pool) {
  const auto& address = member_at(pool["haproxy"]["stats"], "bindAddress");
  if (is_bind_address(text_at(pool["haproxy"]["stats"], "bindAddress")))
    return {};
  return "haproxy.stats.bindAddress must be an IP address without brackets, not " + address.dump()
         + "; use 0.0.0.0 for all addresses of the agent";
}

/// Every port is a port of the pool's task, whatever address it is bound to.
problem has_distinct_ports(const document& pool) {
  std::map<int, std::string> taken;
  const auto claim = [&](const document& listener, const std::string& name) -> problem {
    const int port = integer_at(listener, "bindPort", 0);
    if (const auto [found, fresh] = taken.emplace(port, name); port != 0 && !fresh)
      return name + ": the port " + std::to_string(port) + " is bound by " + found->second
             + " already; choose another one, or 0 for a free one";
    return {};
  };
  const auto& haproxy = pool["haproxy"];
  if (auto wrong = claim(haproxy["stats"], "the pool's statistics"))
    return wrong;
  for (const auto& frontend : haproxy["frontends"]) {
    if (auto wrong = claim(frontend, "frontend " + text_at(frontend, "name")))
      return wrong;
  }
  return {};
}

problem has_sound_sections(const document& pool) {
  std::set<std::string> backends;
  for (const auto& backend : pool["haproxy"]["backends"]) {
    if (auto wrong = check_backend(backend))
      return wrong;
    backends.insert(text_at(backend, "name"));
  }
  for (const auto& frontend : pool["haproxy"]["frontends"]) {
    if (auto wrong = check_frontend(frontend, backends))
      return wrong;
  }
  return {};
}

constexpr std::array<rule, 11> rules{has_valid_name,
                                     has_version_2,
                                     has_readable_constraints,
                                     has_distinct_networks,
                                     has_distinct_secrets,
                                     needs_no_secret_store,
                                     needs_no_certificate_authority,
                                     has_sound_sections,
                                     has_distinct_names,
                                     has_stats_address,
                                     has_distinct_ports};

} // namespace

domain::result<domain::unit> check_pool(const document& pool) {
  for (const auto& check : rules) {
    if (auto wrong = check(pool))
      return failure(400, *wrong);
  }
  return domain::unit{};
}

domain::result<document> accept_pool(document given) {
  auto full = complete_pool(std::move(given));
  if (!full)
    return full.failure();
  if (auto checked = check_pool(*full); !checked)
    return checked.failure();
  return full;
}

} // namespace dklb::edgelb
