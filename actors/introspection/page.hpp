#pragma once

#include "http/server/server.hpp"

namespace dklb::actors {

/// The page for people at `/`: it shows what the other pages answer, and follows their streams. Its
/// files are in actors/introspection/page/ and are compiled in.
/// Source: docs/introspection.md, "The page".
const http::server::outgoing& page();

} // namespace dklb::actors
