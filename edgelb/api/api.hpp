#pragma once

#include "edgelb/pools/reconciler.hpp"

#include <string>

namespace dklb::edgelb {

struct api_call {
  std::string method;
  std::string path; ///< decoded, without the query
  std::string body;
};

struct api_answer {
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
};

/// The routes of the EdgeLB V2 API, and /healthz. Blocks until a change is live. Thread-safe.
api_answer answer_call(reconciler& pools, const api_call& call);

/// `{"code", "message"}`.
api_answer error_answer(int status, const std::string& message);

} // namespace dklb::edgelb
