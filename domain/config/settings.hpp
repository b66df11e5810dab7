#pragma once

#include "domain/config/config.hpp"
#include "domain/pool/pool_plan.hpp"
#include "domain/service/service_plan.hpp"

namespace dklb::domain {

/// The part of the configuration that plan_service() needs.
service_settings service_settings_of(const config& settings);
/// The part of the configuration that plan_pool() needs. The caller adds the nodes, which are not
/// in the configuration.
pool_settings pool_settings_of(const config& settings);

} // namespace dklb::domain
