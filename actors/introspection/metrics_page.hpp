#pragma once

#include "actors/base/runtime.hpp"

#include <string>

namespace dklb::actors {

/// The body of /metrics in Prometheus' text format: what was counted, and what the shared indexes
/// know at this moment. No actor is asked, so that it also answers where one is stuck. Any thread.
/// Source: docs/introspection.md, "Metrics".
std::string render_metrics(const runtime& run, bool leader);

} // namespace dklb::actors
