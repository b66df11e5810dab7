#pragma once

#include "edgelb/api/document.hpp"

namespace dklb::edgelb {

/// Checks the type of every known field and fills in what a server fills in (the defaults of the
/// EdgeLB V2 API). Unknown fields stay as they are, known ones keep their place; null counts as
/// absent unless the field may be null. The error names the field, as in
/// `haproxy.frontends[1].bindPort must be an integer`, and is a 400.
domain::result<document> complete_pool(document given);

} // namespace dklb::edgelb
