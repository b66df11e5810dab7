#include "domain/config/settings.hpp"

namespace dklb::domain {

service_settings service_settings_of(const config& settings) {
  service_settings out;
  out.cluster = settings.cluster_name;
  out.claim_unclassed = settings.kubernetes.claim_unclassed;
  out.load_balancer_class = settings.kubernetes.load_balancer_class;
  out.default_size = settings.pools.default_size;
  out.publish = settings.services.publish;
  out.mode = settings.services.mode;
  out.others = settings.services.others;
  out.nodes_are_servers = settings.pools.mode == backend_mode::nodes;
  return out;
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
