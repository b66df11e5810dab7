#pragma once

#include "domain/explanation/page_fields.hpp"

#include <nlohmann/json.hpp>

#include <string>

namespace dklb::domain {

/// The body of `/pools` (docs/introspection.md) as a table with a line per pool. Texts from users
/// are escaped, here and below.
std::string pools_as_table(const nlohmann::json& body, page::moment now);

/// The body of `/pools/NAME` for a person: the pool, its Services, and what dklb would change.
std::string pool_as_text(const nlohmann::json& body, page::moment now);

/// The body of `/actors` as a table with a line per actor.
std::string actors_as_table(const nlohmann::json& body, page::moment now);

/// The Events of an `EventList` (v1) that dklb wrote, the oldest first.
nlohmann::json events_of_dklb(const nlohmann::json& event_list);

/// Events as a table, with the Service if `all` are not about one. `events` is an array.
std::string events_as_table(const nlohmann::json& events, bool all, page::moment now);

/// The plan of a running dklb in the form of plan_as_json(): the pools that it would change now,
/// and the Services that it does not serve. `pools` are bodies of `/pools/NAME`, each with an
/// `action`; `services` is the body of `/services`.
nlohmann::json plan_of_pages(const nlohmann::json& pools, const nlohmann::json& services);

/// A plan for a terminal: a line per change, then a line per Service that is not served. `plan` is
/// the result of plan_of_pages() or plan_as_json(). Source: docs/plan.md.
std::string plan_as_table(const nlohmann::json& plan);

} // namespace dklb::domain
