#pragma once

#include "domain/base/error.hpp"
#include "domain/document/pool_snapshot.hpp"

#include <string_view>

namespace dklb::http::edgelb {

/// The pool in an answer. `malformed` if the text is no JSON object, or nests too deeply
/// (domain::read_document).
domain::result<domain::pool_snapshot> read_pool(std::string_view text);

} // namespace dklb::http::edgelb
