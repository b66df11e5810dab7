#pragma once

#include "actors/base/runtime.hpp"
#include "http/server/server.hpp"

#include <caf/actor_system.hpp>

#include <memory>
#include <optional>
#include <string>

namespace dklb::actors {

/// The pages that can be followed with `?watch=1`.
enum class stream_page { services, pools, actors };

/// Server-sent events of the pages /services, /pools and /actors. Thread-safe.
/// Source: docs/introspection.md, "Streams".
class streams {
public:
  /// The most streams at the same time. Each has a thread of the server; the others stay free for
  /// the pages and the health checks.
  static constexpr int most = 32;

  /// `system` must outlive the responses.
  streams(caf::actor_system& system, runtime_ptr run);

  /// The response to a client that follows a page. 503 if there are too many streams already.
  /// `last_id`: the ID of the last event that the client has, "" if none.
  http::server::outgoing open(stream_page page, std::string last_id) const;

private:
  struct shared;
  std::shared_ptr<shared> shared_;
};

} // namespace dklb::actors
