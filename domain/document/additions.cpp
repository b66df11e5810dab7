#include "domain/document/additions.hpp"

#include "domain/document/own_lines.hpp"
#include "domain/document/pool_document.hpp"
#include "domain/document/pool_overlay.hpp"
#include "domain/text/duration.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>

namespace dklb::domain {

namespace {

using std::chrono::milliseconds;
using texts = std::vector<std::string>;

/// A line of HAProxy holds 64 words, and in old versions 2,047 bytes.
constexpr std::size_t ranges_in_a_line = 30;

/// kube-proxy's page about the pods of one Service on its node.
constexpr const char* local_check = "GET /healthz";

// How lines of a backend record what stands in fields elsewhere.
constexpr std::string_view server_record = "# server ";
constexpr std::string_view check_record = "# check ";
constexpr std::string_view http_record = "# httpchk ";
constexpr std::string_view unchecked_record = "# unchecked";

/// HAProxy's own form: one number and a unit.
std::string haproxy_time(milliseconds time) {
  return time.count() % 1000 == 0 ? std::to_string(time.count() / 1000) + "s"
                                  : std::to_string(time.count()) + "ms";
}

void add_timeout(texts& lines, const char* which, std::optional<milliseconds> time) {
  if (time)
    lines.push_back(marked("timeout " + std::string{which} + " " + haproxy_time(*time)));
}

/// Lines of one name are alternatives.
void add_ranges(texts& lines, const std::string& name, const texts& ranges) {
  for (std::size_t first = 0; first < ranges.size(); first += ranges_in_a_line) {
    auto line = "acl " + name + " src";
    for (auto at = first; at < std::min(first + ranges_in_a_line, ranges.size()); ++at)
      line += " " + ranges[at];
    lines.push_back(marked(line));
  }
}

/// Rejects the clients of one family that no range lets in. `family` is the condition that a client
/// is of it, empty where there is no other.
void limit_family(texts& lines, const texts& ranges, const char* everybody, const std::string& name,
                  const std::string& family) {
  if (ranges.size() == 1 && ranges.front() == everybody)
    return;
  add_ranges(lines, name, ranges);
  auto condition = family;
  if (!ranges.empty())
    condition += (family.empty() ? "!" : " !") + name;
  lines.push_back(
    marked("tcp-request connection reject" + (condition.empty() ? "" : " if " + condition)));
}

/// HAProxy compares an IPv6 client with IPv4 ranges, too (6to4, and addresses with 96 zero bits in
/// front), and an IPv4 client with IPv6 ranges (`::/0`). So where clients of both families can
/// come, each is compared with the ranges of its own family alone. The range of all mapped
/// addresses holds exactly the IPv4 clients, whichever socket they come through.
void limit_sources(texts& lines, const pool_claim& claim) {
  const auto& ranges = claim.fields.ranges;
  if (!ranges.limited)
    return;
  if (!serves_ipv6(claim.families)) {
    limit_family(lines, ranges.ipv4, every_ipv4_address, "dklb_sources", "");
    return;
  }
  texts limits;
  limit_family(limits, ranges.ipv4, every_ipv4_address, "dklb_sources4", "dklb_ipv4");
  limit_family(limits, ranges.ipv6, every_ipv6_address, "dklb_sources6", "!dklb_ipv4");
  if (limits.empty())
    return;
  lines.push_back(marked("acl dklb_ipv4 src ::ffff:0:0/96"));
  lines.insert(lines.end(), limits.begin(), limits.end());
}

void add_words(std::string& words, const std::string& more) {
  words.append(words.empty() ? "" : " ").append(more);
}

/// True where the check speaks to the pods and not to another program of the node: pods that wait
/// for the PROXY protocol wait for it in a check as well.
bool checks_pods(const pool_claim& claim, const std::optional<int>& check_port) {
  return !check_port
         || std::any_of(claim.ports.begin(), claim.ports.end(),
                        [&](const claimed_port& port) { return port.node_port == *check_port; });
}

void add_check(backend_additions& out, const pool_claim& claim, int local_port) {
  const auto& check = claim.traffic.health_check;
  const bool local = local_port > 0;
  // A field of the Service comes before a key that contradicts it; the contradiction itself is
  // refused as soon as it is written (domain/service/service_rules.hpp).
  const auto type = local ? health_check_type::http : check.type.value_or(health_check_type::tcp);
  out.checked = type != health_check_type::none;
  if (!out.checked)
    return;
  if (type == health_check_type::http)
    out.http_check = local ? local_check : "GET " + check.path.value_or("/");
  const auto port = local ? std::optional{local_port} : check.port;
  // A node that says that it has no pod is taken at its word.
  const auto fall = local && !check.fall ? std::optional{1} : check.fall;
  if (port)
    add_words(out.check_words, "port " + std::to_string(*port));
  if (check.interval)
    add_words(out.check_words, "inter " + haproxy_time(*check.interval));
  if (check.rise)
    add_words(out.check_words, "rise " + std::to_string(*check.rise));
  if (fall)
    add_words(out.check_words, "fall " + std::to_string(*fall));
  if (claim.traffic.proxy && !local && checks_pods(claim, port))
    add_words(out.check_words, "check-send-proxy");
}

void add_records(backend_additions& out) {
  const auto record = [&](std::string_view kind, const std::string& value) {
    if (!value.empty())
      out.lines.push_back(marked(std::string{kind} + value));
  };
  record(server_record, out.server_words);
  record(check_record, out.check_words);
  record(http_record, out.http_check);
  if (!out.checked)
    out.lines.push_back(marked(unchecked_record));
}

/// Turns an HTTP check on or off; other fields of `customCheck` stay.
bool set_http_check(pool_document& backend, const std::string& before, const std::string& wanted) {
  if (!wanted.empty())
    return overlay(backend,
                   object_of("customCheck", object_of("httpchk", true, "httpchkMiscStr", wanted)));
  const auto& check = member(backend, "customCheck");
  if (before.empty() || text(member(check, "httpchkMiscStr")) != before)
    return false;
  auto left = check;
  left.erase("httpchk");
  left.erase("httpchkMiscStr");
  const auto idle = [](const pool_document& value) {
    return value.is_null() || value == false || value == "";
  };
  if (std::all_of(left.begin(), left.end(), idle))
    backend.erase("customCheck");
  else
    backend["customCheck"] = std::move(left);
  return true;
}

} // namespace

std::vector<std::string> frontend_lines(const pool_claim& claim) {
  texts lines;
  limit_sources(lines, claim);
  add_timeout(lines, "client", claim.traffic.timeouts.client);
  if (const auto most = claim.traffic.max_connections)
    lines.push_back(marked("maxconn " + std::to_string(*most)));
  return lines;
}

backend_additions additions_for(const pool_settings& settings, const pool_claim& claim) {
  backend_additions out;
  if (claim.traffic == traffic_wishes{} && claim.fields == claimed_fields{})
    return out;
  const auto& wishes = claim.traffic;
  const bool by_source = claim.fields.client_affinity || wishes.balance == balance_rule::source;
  if (by_source)
    out.balance = to_string(balance_rule::source);
  else if (wishes.balance)
    out.balance = to_string(*wishes.balance);
  // With it a server that comes or goes moves only the clients that it must.
  if (by_source)
    out.lines.push_back(marked("hash-type consistent"));
  add_timeout(out.lines, "connect", wishes.timeouts.connect);
  add_timeout(out.lines, "server", wishes.timeouts.server);
  if (wishes.drain)
    out.lines.push_back(drain_line(format_duration(*wishes.drain)));
  if (wishes.proxy)
    out.server_words = *wishes.proxy == proxy_protocol::v1 ? "send-proxy" : "send-proxy-v2";
  add_check(out, claim, settings.mode == backend_mode::nodes ? claim.fields.local_check_port : 0);
  add_records(out);
  return out;
}

backend_additions additions_in(const pool_document& backend) {
  backend_additions out;
  out.lines = own_lines(backend);
  if (const auto balance = text(member(backend, "balance")); !balance.empty())
    out.balance = balance;
  const auto end = marked("").size();
  for (const auto& line : out.lines) {
    const auto read = [&](std::string_view kind, std::string& into) {
      if (line.starts_with(kind) && line.size() >= kind.size() + end)
        into = line.substr(kind.size(), line.size() - kind.size() - end);
    };
    read(server_record, out.server_words);
    read(check_record, out.check_words);
    read(http_record, out.http_check);
    out.checked &= line != marked(unchecked_record);
  }
  return out;
}

bool apply_additions(pool_document& backend, const backend_additions& wanted) {
  const auto before = additions_in(backend);
  bool changed = set_own_lines(backend, wanted.lines);
  changed |= set_http_check(backend, before.http_check, wanted.http_check);
  if (serves_nobody(backend))
    return changed;
  const bool has_words = !before.server_words.empty() || !wanted.server_words.empty()
                         || !before.check_words.empty() || !wanted.check_words.empty();
  if (!has_words)
    return changed;
  for (auto& server : backend["services"].get_ref<pool_document::array_t&>()) {
    if (!member(server, "endpoint").is_object())
      continue;
    auto& endpoint = server["endpoint"];
    changed |= set_own_words(endpoint, "miscStr", before.server_words, wanted.server_words);
    if (member(endpoint, "check").is_object())
      changed |=
        set_own_words(endpoint["check"], "customStr", before.check_words, wanted.check_words);
  }
  return changed;
}

} // namespace dklb::domain
