#pragma once

#include "edgelb/api/document.hpp"

namespace dklb::edgelb {

/// Checks the type of every known field and adds the defaults of the EdgeLB V2 API. Unknown fields
/// and the order of the keys stay as they are. Null counts as absent, unless the field may be null.
/// The error is a 400 that names the field: `haproxy.frontends[1].bindPort must be ...`.
domain::result<document> complete_pool(document given);

} // namespace dklb::edgelb
