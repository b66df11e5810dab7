#pragma once

#include "domain/config/config.hpp"
#include "domain/pool/pool_plan.hpp"
#include "domain/service/service_plan.hpp"

namespace dklb::domain {

/// What the plans of Services and pools need of the configuration.
service_settings service_settings_of(const config& settings);
/// Without the addresses of the nodes, which the configuration does not know.
pool_settings pool_settings_of(const config& settings);

} // namespace dklb::domain
