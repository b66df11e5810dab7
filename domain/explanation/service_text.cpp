#include "domain/explanation/service_text.hpp"

#include "domain/explanation/leader.hpp"
#include "domain/service/service_phase.hpp"
#include "domain/text/text_table.hpp"

#include <algorithm>

namespace dklb::domain {

namespace {

/// So many transitions are shown; `-o json` has all that dklb keeps.
constexpr std::size_t shown_transitions = 5;

/// Who has to act next, by phase. The causes of a phase say how.
std::string next_step(const nlohmann::json& service, page::moment now) {
  const auto phase = page::text(service, "phase");
  const auto is = [&](service_phase which) { return phase == to_string(which); };
  if (is(service_phase::provisioned))
    return "none";
  if (is(service_phase::ignored))
    return "none, unless dklb should serve this Service: then change what the cause names";
  if (is(service_phase::paused))
    return "remove the annotation that the cause names";
  if (is(service_phase::refused))
    return "change what the cause names; dklb looks again at once";
  if (is(service_phase::deleting))
    return "none: the finalizer goes when EdgeLB has given up what the Service had";
  const auto retry = page::time(service, "nextRetry");
  if (retry && *retry > now)
    return "see the cause; dklb tries again by itself " + page::relative(*retry, now);
  return is(service_phase::waiting) ? "see the cause; dklb goes on by itself"
                                    : "none: dklb goes on by itself";
}

/// When the Service came into its phase: later reports of the same phase do not count.
std::optional<page::moment> phase_began(const nlohmann::json& service) {
  std::optional<page::moment> began;
  const auto phase = page::text(service, "phase");
  const auto& timeline = page::list(service, "timeline");
  for (auto item = timeline.rbegin(); item != timeline.rend(); ++item) {
    if (page::text(*item, "phase") != phase)
      break;
    began = page::time(*item, "at");
  }
  return began;
}

std::string frontends_of(const nlohmann::json& service) {
  std::string out;
  for (const auto& item : page::list(service, "frontends")) {
    const auto node_port = page::number(item, "nodePort");
    out.append(out.empty() ? "" : ", ")
      .append("port " + page::number(item, "port"))
      .append(" to Service port " + page::number(item, "servicePort"));
    if (!node_port.empty() && node_port != "0")
      out += " (node port " + node_port + ")";
  }
  return out;
}

std::string transitions_of(const nlohmann::json& service, page::moment now) {
  const auto& timeline = page::list(service, "timeline");
  const auto skipped = timeline.size() - std::min(timeline.size(), shown_transitions);
  text_table lines;
  for (auto index = skipped; index < timeline.size(); ++index) {
    const auto& item = timeline[index];
    const auto at = page::time(item, "at");
    const auto reason = page::text(item, "reason");
    lines.add({"  " + (at ? page::relative(*at, now) : "?"), at ? format_time(*at) : "",
               page::text(item, "phase"),
               reason + (reason.empty() ? "" : ": ") + page::text(item, "message")});
  }
  return lines.text();
}

} // namespace

std::optional<service_key> service_named(std::string_view text, std::string_view fallback) {
  const auto slash = text.find('/');
  const auto space = slash == std::string_view::npos ? fallback : text.substr(0, slash);
  const auto name = slash == std::string_view::npos ? text : text.substr(slash + 1);
  if (!is_object_name(space) || !is_object_name(name))
    return std::nullopt;
  return service_key{std::string{space}, std::string{name}};
}

std::string service_as_text(const nlohmann::json& body, page::moment now) {
  const auto since = phase_began(body);
  text_table out;
  const auto add = [&](const char* name, const std::string& value) {
    if (!value.empty())
      out.add({name, value});
  };
  add("Service", page::text(body, "namespace") + "/" + page::text(body, "name"));
  add(
    "Phase",
    page::text(body, "phase")
      + (since ? " for " + page::length_of(now - *since) + ", since " + format_time(*since) : ""));
  add("Reason", page::text(body, "reason"));
  add("Cause", page::text(body, "message"));
  add("Next step", next_step(body, now));
  add("Pool", page::text(body, "pool"));
  add("Frontends", frontends_of(body));
  const auto addresses = page::joined(page::list(body, "addresses"));
  add("Addresses", addresses.empty() ? "none" : addresses);
  if (const auto attempts = page::number(body, "attempts"); !attempts.empty() && attempts != "0")
    add("Failures", attempts + " in a row");
  const auto transitions = transitions_of(body, now);
  return out.text() + (transitions.empty() ? "" : "\nLast transitions\n" + transitions);
}

std::string services_as_table(const nlohmann::json& body, page::moment now) {
  text_table out;
  out.add({"SERVICE", "PHASE", "FOR", "POOL", "ADDRESSES", "REASON"});
  for (const auto& item : body) {
    if (!page::text(item, "state").empty()) {
      out.add({page::text(item, "key"), page::text(item, "state"), "", "", "", ""});
      continue;
    }
    const auto since = phase_began(item);
    out.add({page::text(item, "namespace") + "/" + page::text(item, "name"),
             page::text(item, "phase"), since ? page::length_of(now - *since) : "",
             page::text(item, "pool"), page::joined(page::list(item, "addresses")),
             page::text(item, "reason")});
  }
  return body.empty() ? "dklb follows no Service of type LoadBalancer.\n" : out.text();
}

} // namespace dklb::domain
