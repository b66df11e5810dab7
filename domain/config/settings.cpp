#include "domain/config/settings.hpp"

namespace dklb::domain {

service_settings service_settings_of(const config& settings) {
  return {settings.cluster_name, settings.kubernetes.claim_unclassed,
          settings.kubernetes.load_balancer_class, settings.pools.default_size,
          settings.pools.mode == backend_mode::nodes};
}

pool_settings pool_settings_of(const config& settings) {
  pool_settings out;
  out.cluster = settings.cluster_name;
  out.pool_group = settings.edgelb.pool_group;
  out.default_size = settings.pools.default_size;
  out.mode = settings.pools.mode;
  out.publish_local_addresses = settings.edgelb.publish_local_addresses;
  return out;
}

} // namespace dklb::domain
