#pragma once

#include "domain/document/pool_document.hpp"
#include "domain/document/pool_snapshot.hpp"
#include "domain/pool/pool_claim.hpp"
#include "domain/pool/pool_status.hpp"
#include "domain/service/service.hpp"

#include <nlohmann/json.hpp>

#include <memory>
#include <vector>

/// Payloads of messages. Several actors hold the same object, so it is shared and immutable.
namespace dklb::messages {

using service_ptr = std::shared_ptr<const domain::service>;
using claim_ptr = std::shared_ptr<const domain::pool_claim>;
using addresses_ptr = std::shared_ptr<const std::vector<domain::ingress>>;
using document_ptr = std::shared_ptr<const domain::pool_document>;
using snapshot_ptr = std::shared_ptr<const domain::pool_snapshot>;
using metadata_ptr = std::shared_ptr<const domain::pool_metadata>;
using json_ptr = std::shared_ptr<const nlohmann::json>;

} // namespace dklb::messages
