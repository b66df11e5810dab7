#pragma once

#include "actors/base/runtime.hpp"
#include "http/server/server.hpp"

namespace dklb::actors {

/// Answers `POST /mutate` and `POST /validate`: every readable AdmissionReview with 200, anything
/// else with 400 and why. Asks no actor, so that it answers in every replica, leader or not. Runs
/// on the server's threads. Source: docs/kubernetes.md, "Admission".
http::server::handler make_webhook_routes(runtime_ptr run);

} // namespace dklb::actors
