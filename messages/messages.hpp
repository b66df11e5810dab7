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

/// The vocabulary of the actors: one struct a message. Commands are imperative, events are past,
/// replies are nouns. Payloads that several actors hold are shared and immutable.
namespace dklb::messages {}
