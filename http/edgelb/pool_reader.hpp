#pragma once

#include "domain/document/pool_snapshot.hpp"
#include "http/text/json_reader.hpp"

#include <cstdint>
#include <string_view>

namespace dklb::http::edgelb {

/// A digest of JSON that does not depend on the order of keys; equal documents have equal digests.
/// Used to see whether a pool changed without keeping its document.
std::uint64_t digest(json_view value);

/// A pool's document as it came, unless it is no JSON object: `malformed`, in the words of
/// json_reader::read.
domain::result<domain::pool_snapshot> read_pool(json_reader& reader, std::string_view text);

} // namespace dklb::http::edgelb
