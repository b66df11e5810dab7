#pragma once

#include "actors/base/runtime.hpp"
#include "http/server/server.hpp"

namespace dklb::actors {

/// The handler of `POST /mutate` and `POST /validate`. A readable AdmissionReview is answered with
/// 200, an unreadable one with 400 and the cause. It asks no actor, so it works in every replica,
/// leader or not. Runs on the server's threads. Source: docs/kubernetes.md, "Admission".
http::server::handler make_webhook_routes(runtime_ptr run);

} // namespace dklb::actors
