#pragma once

#include "domain/base/error.hpp"
#include "domain/pool/pool_plan.hpp"
#include "domain/service/service_plan.hpp"
#include "messages/payload.hpp"

#include <functional>
#include <memory>
#include <string>

/// What the gateways are asked, and their answers.
namespace dklb::messages {

struct read_pool {
  std::string name;
};
struct write_pool {
  domain::pool_action action = domain::pool_action::none;
  std::string name;
  document_ptr document;
};
/// Null: the pool was removed.
struct pool_answer {
  domain::result<snapshot_ptr> outcome;
};
struct read_metadata {
  std::string pool;
  /// Somebody waits for an address: as urgent as the write before it.
  bool awaited = false;
};
struct metadata_answer {
  domain::result<metadata_ptr> outcome;
};
struct read_inventory {};
/// The body of the answer, not yet parsed.
struct inventory_answer {
  domain::result<std::shared_ptr<const std::string>> outcome;
};

/// Finalizers and annotation in one merge patch, bound to the object's resource version.
struct patch_service_object {
  service_ptr object;
  domain::patch_service patch;
};
struct patch_service_status {
  domain::service_key key;
  std::string patch; ///< strategic merge patch, JSON
};
/// Asks the API server itself, for what the watch has not told yet.
struct read_service {
  domain::service_key key;
};
/// Null, to a read: there is no such Service.
struct service_answer {
  domain::result<service_ptr> outcome;
};

/// A read or a write of any object; a body that is patched in goes out as a merge patch. Writes
/// need leadership.
struct exchange_object {
  std::string method;
  std::string path;
  json_ptr body; ///< null: none
};
struct object_answer {
  domain::result<json_ptr> outcome;
};

/// A gateway's own: a call ended on the engine's thread, `deliver` hands its answer out.
struct call_completed {
  std::function<void()> deliver;
};

} // namespace dklb::messages
