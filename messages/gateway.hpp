#pragma once

#include "domain/base/error.hpp"
#include "domain/pool/pool_plan.hpp"
#include "domain/service/service_plan.hpp"
#include "messages/payload.hpp"

#include <functional>
#include <memory>
#include <string>

/// Requests to the two gateways, and their answers. A gateway answers when the server has answered,
/// or with the error of the call. Writes of pools, Services and other objects need leadership;
/// without it the answer is the error not_leader.
namespace dklb::messages {

/// Pool actor to edgelb_gateway: read one pool.
struct read_pool {
  std::string name;
};
/// Pool actor to edgelb_gateway: create, replace or remove one pool.
struct write_pool {
  domain::pool_action action = domain::pool_action::none;
  std::string name;
  document_ptr document; ///< of create and replace
};
/// Answer to read_pool and write_pool: the pool as EdgeLB has it now. Null: the pool was removed.
struct pool_answer {
  domain::result<snapshot_ptr> outcome;
};
/// Pool poller to edgelb_gateway: read the metadata of a pool, which has its addresses.
struct read_metadata {
  std::string pool;
  /// A Service of the pool has no address yet: the request has the priority of a write.
  bool awaited = false;
};
/// Answer to read_metadata.
struct metadata_answer {
  domain::result<metadata_ptr> outcome;
};
/// Inventory to edgelb_gateway: read all pools, once a resync period.
struct read_inventory {};
/// Answer to read_inventory: the JSON text of the response, not parsed.
struct inventory_answer {
  domain::result<std::shared_ptr<const std::string>> outcome;
};

/// Service actor to kube_gateway: write finalizers and annotations in one merge patch, bound to the
/// object's resource version.
struct patch_service_object {
  service_ptr object;
  domain::patch_service patch;
};
/// Status writer to kube_gateway: patch the status of a Service.
struct patch_service_status {
  domain::service_key key;
  std::string patch; ///< strategic merge patch, JSON
};
/// Inventory to kube_gateway: read one Service from the API server. Confirms that a Service is gone
/// before its objects are removed; the watch may lag behind.
struct read_service {
  domain::service_key key;
};
/// Answer to the three requests above: the Service as the server has it now. Null, to read_service
/// only: no such Service exists.
struct service_answer {
  domain::result<service_ptr> outcome;
};

/// Webhook registrar to kube_gateway: read or write any object. A PATCH goes out as a merge patch.
struct exchange_object {
  std::string method;
  std::string path;
  json_ptr body; ///< null: none
};
/// Answer to exchange_object: the object in the response.
struct object_answer {
  domain::result<json_ptr> outcome;
};

/// From an engine's thread to the actor that started the call: the call has ended. `deliver` runs
/// in the receiver's context and handles the outcome. Received by the gateways, the event recorder
/// and the leader elector.
struct call_completed {
  std::function<void()> deliver;
};

} // namespace dklb::messages
