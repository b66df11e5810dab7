#pragma once

#include "messages/claim.hpp"
#include "messages/event.hpp"
#include "messages/gate.hpp"
#include "messages/gateway.hpp"
#include "messages/intake.hpp"
#include "messages/introspection.hpp"
#include "messages/inventory.hpp"
#include "messages/payload.hpp"
#include "messages/service.hpp"
#include "messages/status.hpp"
#include "messages/supervision.hpp"
#include "messages/time.hpp"

/// All messages between actors, one struct each. A command has an imperative name (`claim_pool`),
/// an event a past one (`service_changed`), an answer a noun (`pool_answer`). The comment of a
/// message names its sender, its receiver and the occasion. Payloads that several actors hold are
/// shared and immutable. No message leaves the process.
namespace dklb::messages {}
