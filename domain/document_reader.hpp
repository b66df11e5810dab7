#pragma once

#include "domain/pool_plan.hpp"

#include <string_view>

namespace dklb::domain {

/// JSON text as a document, as the library's own `parse` gives it (the last of several members of
/// one name holds, in the place of the first); a discarded value where it is none. An object of the
/// library's copies what it has whenever it grows, with all that is below it: in a pool with a
/// thousand frontends that took as long as all the rest.
pool_document read_document(std::string_view text);

} // namespace dklb::domain
