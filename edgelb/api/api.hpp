#pragma once

#include "edgelb/pools/reconciler.hpp"

#include <string>

namespace dklb::edgelb {

/// One request to the EdgeLB API.
struct api_call {
  std::string method;
  std::string path; ///< decoded, without the query
  std::string body;
};

/// Its response.
struct api_answer {
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
};

/// Answers a request: the routes of the EdgeLB V2 API, and /healthz. A request that changes a pool
/// returns when the change is live. Thread-safe.
api_answer answer_call(reconciler& pools, const api_call& call);

/// The error body of the EdgeLB API: `{"code", "message"}`.
api_answer error_answer(int status, const std::string& message);

} // namespace dklb::edgelb
