#pragma once

#include "domain/pool/pool_status.hpp"

#include <string_view>

namespace dklb::http::edgelb {

/// A pool's metadata. Parts that are missing or of a wrong type are skipped; only what is no JSON
/// object at all is `malformed`.
domain::result<domain::pool_metadata> read_metadata(std::string_view text);

} // namespace dklb::http::edgelb
