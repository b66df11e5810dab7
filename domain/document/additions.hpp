#pragma once

#include "domain/pool/pool_plan.hpp"

#include <string>
#include <vector>

namespace dklb::domain {

/// What a Service asks for in each of its backends, beside the servers themselves. Without any wish
/// it is the backend as dklb always made it.
struct backend_additions {
  std::string balance = "leastconn";
  /// dklb's lines of `miscStrs`. They record the three texts below, so that dklb knows later what
  /// it wrote.
  std::vector<std::string> lines;
  std::string server_words; ///< of each server's `endpoint.miscStr`
  std::string check_words;  ///< of each server's `endpoint.check.customStr`
  std::string http_check;   ///< the check's request, e.g. `GET /healthz`; empty: connect only
  bool checked = true;      ///< false: no check at all
};

/// dklb's lines for a frontend: source ranges, time-outs, the limit of connections.
std::vector<std::string> frontend_lines(const pool_claim& claim);

backend_additions additions_for(const pool_settings& settings, const pool_claim& claim);

/// The additions that a backend has now, as its lines record them.
backend_additions additions_in(const pool_document& backend);

/// Gives a backend, whose servers are right already, these additions in place of those that it has.
/// What others added stays. True where anything changed.
bool apply_additions(pool_document& backend, const backend_additions& wanted);

} // namespace dklb::domain
