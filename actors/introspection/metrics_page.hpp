#pragma once

#include "actors/base/runtime.hpp"

#include <chrono>
#include <optional>
#include <string>

namespace dklb::actors {

/// The body of /metrics in Prometheus' text format: the metrics of `run`, and the present values of
/// its roster and watches. It asks no actor, so it also works if one is stuck. Any thread.
/// `certificate_expires`: of the webhook's certificate; absent without a webhook.
/// Source: docs/introspection.md, "Metrics".
std::string
render_metrics(const runtime& run, bool leader,
               std::optional<std::chrono::system_clock::time_point> certificate_expires = {});

} // namespace dklb::actors
