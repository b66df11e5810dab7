#pragma once

#include "domain/explanation/page_fields.hpp"
#include "domain/service/service.hpp"

#include <nlohmann/json.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace dklb::domain {

/// The Service in `NAMESPACE/NAME`, or in `NAME` with the namespace `fallback`. Nothing if a part
/// is no name of an object (is_object_name).
std::optional<service_key> service_named(std::string_view text, std::string_view fallback);

/// One Service for a person: phase, cause, next step, what it has in EdgeLB, and its last five
/// transitions, the oldest first. `body` is that of `/services/NAMESPACE/NAME`
/// (docs/introspection.md). Texts from users are escaped.
std::string service_as_text(const nlohmann::json& body, page::moment now);

/// The body of `/services` as a table with a line per Service.
std::string services_as_table(const nlohmann::json& body, page::moment now);

} // namespace dklb::domain
