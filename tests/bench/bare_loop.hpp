#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace dklb::bench {

/// One request of the floor.
struct bare_request {
  std::size_t group = 0; ///< index of its in-flight limit
  std::string method;
  std::string url;
  std::string content_type;
  std::string body;
};

/// Requests that follow each other; chains run side by side.
using bare_chain = std::vector<bare_request>;

struct bare_outcome {
  double seconds = 0;
  double cpu_seconds = 0; ///< of the calling thread
  std::size_t requests = 0;
  std::size_t failures = 0; ///< no answer, or a status that is no success
};

/// The least that a client can do: a libcurl multi loop on the calling thread that makes these
/// requests and drops the answers, `limits[group]` in flight at a time. Meanwhile it receives the
/// `streams` (URLs of watches), whatever they tell. It shares no code with http/, so that it is a
/// floor for it.
bare_outcome run_bare_loop(const std::vector<bare_chain>& chains,
                           const std::vector<std::size_t>& limits,
                           const std::vector<std::string>& streams = {});

/// Seconds of `count` GETs on one kept-alive connection, with a pause between them so that both
/// ends are idle; sorted.
std::vector<double> idle_round_trips(const std::string& url, std::size_t count);

} // namespace dklb::bench
