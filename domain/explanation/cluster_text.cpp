#include "domain/explanation/cluster_text.hpp"

#include "domain/service/service_phase.hpp"
#include "domain/text/text_table.hpp"
#include "domain/text/utf8.hpp"

#include <algorithm>
#include <utility>

namespace dklb::domain {

namespace {

/// Who writes dklb's Events: their reportingController (docs/kubernetes.md, "Events").
constexpr const char* event_writer = "kubernetes.dcos.io/dklb";

std::string count_of(const nlohmann::json& body, const char* name) {
  return std::to_string(page::member(body, name).size());
}

std::string last_write_of(const nlohmann::json& pool, page::moment now) {
  const auto& write = page::member(pool, "lastWrite");
  const auto at = page::time(write, "at");
  return at ? page::text(write, "cause") + ", " + page::relative(*at, now) : "";
}

std::string claims_of(const nlohmann::json& pool) {
  text_table out;
  const auto& refusals = page::member(pool, "refusals");
  for (const auto& claim : page::list(pool, "claims")) {
    const auto service = page::text(claim, "service");
    std::string ports;
    for (const auto& port : page::list(claim, "ports"))
      ports.append(ports.empty() ? "" : ", ").append(page::number(port, "port"));
    const auto paused = page::flag(claim, "paused");
    const auto served = page::flag(claim, "served");
    out.add({"  " + service, (ports.empty() ? "no port" : "port ") + ports,
             paused   ? "paused"
             : served ? "served"
                      : "waits",
             page::text(refusals, service.c_str())});
  }
  return out.text();
}

/// The newest time of an Event; each way of writing one has another field for it.
std::optional<page::moment> last_seen(const nlohmann::json& event) {
  std::optional<page::moment> newest;
  for (const auto& at : {page::time(page::member(event, "series"), "lastObservedTime"),
                         page::time(event, "lastTimestamp"), page::time(event, "eventTime"),
                         page::time(event, "firstTimestamp"),
                         page::time(page::member(event, "metadata"), "creationTimestamp")})
    if (at && (!newest || *at > *newest))
      newest = at;
  return newest;
}

std::string times_seen(const nlohmann::json& event) {
  const auto series = page::number(page::member(event, "series"), "count");
  const auto count = series.empty() ? page::number(event, "count") : series;
  return count.empty() || count == "0" ? "1" : count;
}

std::string service_of_event(const nlohmann::json& event) {
  const auto& about = page::member(event, "involvedObject");
  return page::text(about, "namespace") + "/" + page::text(about, "name");
}

nlohmann::json unserved_of(const nlohmann::json& services) {
  auto out = nlohmann::json::array();
  for (const auto& item : services) {
    const auto phase = page::text(item, "phase");
    if (phase.empty() || phase == to_string(service_phase::provisioned)
        || phase == to_string(service_phase::ignored))
      continue;
    out.push_back(
      {{"service", visible(page::text(item, "namespace") + "/" + page::text(item, "name"))},
       {"phase", visible(phase)},
       {"reason", visible(page::text(item, "reason"))},
       {"message", visible(page::text(item, "message"))}});
  }
  return out;
}

} // namespace

std::string pools_as_table(const nlohmann::json& body, page::moment now) {
  text_table out;
  out.add(
    {"POOL", "STATE", "SERVICES", "REFUSED", "ADDRESSES", "WRITES", "LAST WRITE", "LAST ERROR"});
  for (const auto& item : body)
    out.add({page::text(item, "name"), page::text(item, "state"), count_of(item, "claims"),
             count_of(item, "refusals"), page::joined(page::list(item, "addresses")),
             page::number(item, "writes"), last_write_of(item, now),
             page::text(item, "lastError")});
  return body.empty() ? "dklb has no pool.\n" : out.text();
}

std::string pool_as_text(const nlohmann::json& body, page::moment now) {
  text_table out;
  const auto add = [&](const char* name, const std::string& value) {
    if (!value.empty())
      out.add({name, value});
  };
  add("Pool", page::text(body, "name"));
  add("State", page::text(body, "state"));
  add("Addresses", page::joined(page::list(body, "addresses")));
  add("Writes", page::number(body, "writes"));
  add("Last write", last_write_of(body, now));
  add("Last error", page::text(body, "lastError"));
  add("EdgeLB", page::text(body, "actualError"));
  auto text = out.text();
  if (const auto claims = claims_of(body); !claims.empty())
    text += "\nServices\n" + claims;
  std::string changes;
  for (const auto& change : page::list(body, "changes"))
    changes += "  " + visible(page::as_text(change)) + "\n";
  return text + (changes.empty() ? "" : "\nChanges that dklb is about to make\n" + changes);
}

std::string actors_as_table(const nlohmann::json& body, page::moment now) {
  text_table out;
  out.add({"KIND", "KEY", "STATE", "FOR", "MAILBOX", "PROCESSED", "RESTARTS", "LAST ERROR"});
  for (const auto& item : body)
    out.add({page::text(item, "kind"), page::text(item, "key"), page::text(item, "state"),
             page::age(item, "since", now), page::number(item, "mailbox"),
             page::number(item, "processed"), page::number(item, "restarts"),
             page::text(item, "lastError")});
  return body.empty() ? "No actor fits.\n" : out.text();
}

nlohmann::json events_of_dklb(const nlohmann::json& event_list) {
  std::vector<nlohmann::json> found;
  for (const auto& item : page::list(event_list, "items"))
    if (page::text(item, "reportingComponent") == event_writer
        || page::text(page::member(item, "source"), "component") == event_writer)
      found.push_back(item);
  std::stable_sort(found.begin(), found.end(), [](const auto& left, const auto& right) {
    return last_seen(left) < last_seen(right);
  });
  return found;
}

std::string events_as_table(const nlohmann::json& events, bool all, page::moment now) {
  text_table out;
  std::vector<std::string> heads{"LAST SEEN", "TIME", "TYPE", "REASON", "COUNT"};
  if (all)
    heads.emplace_back("SERVICE");
  heads.emplace_back("MESSAGE");
  out.add(std::move(heads));
  for (const auto& item : events) {
    const auto at = last_seen(item);
    std::vector<std::string> cells{at ? page::relative(*at, now) : "?", at ? format_time(*at) : "",
                                   page::text(item, "type"), page::text(item, "reason"),
                                   times_seen(item)};
    if (all)
      cells.push_back(service_of_event(item));
    cells.push_back(page::text(item, "message"));
    out.add(std::move(cells));
  }
  return events.empty() ? "No events of dklb. Kubernetes forgets events after an hour.\n"
                        : out.text();
}

nlohmann::json plan_of_pages(const nlohmann::json& pools, const nlohmann::json& services) {
  auto changed = nlohmann::json::array();
  for (const auto& item : pools) {
    const auto action = page::text(item, "action");
    if (action.empty() || action == "none")
      continue;
    auto changes = nlohmann::json::array();
    for (const auto& change : page::list(item, "changes"))
      changes.push_back(visible(page::as_text(change)));
    changed.push_back({{"name", visible(page::text(item, "name"))},
                       {"action", visible(action)},
                       {"relaunches", page::flag(item, "relaunches")},
                       {"changes", std::move(changes)}});
  }
  return {{"pools", std::move(changed)},
          {"unserved", unserved_of(services)},
          {"left", nlohmann::json::array()}};
}

std::string plan_as_table(const nlohmann::json& plan) {
  text_table pools;
  pools.add({"POOL", "ACTION", "CHANGE"});
  for (const auto& item : page::list(plan, "pools")) {
    const auto name = page::text(item, "name");
    const auto action =
      page::text(item, "action") + (page::flag(item, "relaunches") ? " (relaunch)" : "");
    const auto& changes = page::list(item, "changes");
    for (const auto& change : changes)
      pools.add({name, action, page::as_text(change)});
    if (changes.empty())
      pools.add({name, action, ""});
  }
  text_table services;
  services.add({"SERVICE", "PHASE", "WHY"});
  for (const auto& item : page::list(plan, "unserved"))
    services.add({page::text(item, "service"), page::text(item, "phase"),
                  page::text(item, "reason") + ": " + page::text(item, "message")});
  std::string out = page::list(plan, "pools").empty() ? "Nothing to do.\n" : pools.text();
  if (!page::list(plan, "unserved").empty())
    out += "\n" + services.text();
  for (const auto& item : page::list(plan, "remarks"))
    out += "\n" + page::text(item, "service") + ": " + visible(page::text(item, "message")) + "\n";
  for (const auto& line : page::list(plan, "left"))
    out += visible(page::as_text(line)) + "\n";
  return out;
}

} // namespace dklb::domain
