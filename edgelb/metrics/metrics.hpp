#pragma once

#include "domain/base/error.hpp"
#include "edgelb/pools/reconciler.hpp"

#include <mutex>
#include <string>

namespace dklb::edgelb {

/// The page `/metrics` of edgelb-local: its own series, and those of the exporters of all instances
/// with the labels `pool` and `instance`. Source: edgelb/README.md, "Metrics". Thread-safe; one
/// page is made at a time.
class metrics {
public:
  explicit metrics(const reconciler& pools) : pools_(pools) {}

  /// The page as it is now. `servers`: with series per server. Takes at most 10 s; an instance that
  /// does not answer in time is left out and counted. The error is a 503: others wait already.
  domain::result<std::string> page(bool servers);

private:
  const reconciler& pools_;
  std::timed_mutex making_;
};

} // namespace dklb::edgelb
