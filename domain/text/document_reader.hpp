#pragma once

#include "domain/pool/pool_plan.hpp"

#include <string_view>

namespace dklb::domain {

/// JSON text as a document, as the library's own `parse` gives it (the last of several members of
/// one name holds, in the place of the first); a discarded value where it is none. Why not by the
/// library's parser: docs/decisions/simdjson.md.
pool_document read_document(std::string_view text);

} // namespace dklb::domain
