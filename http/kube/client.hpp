#pragma once

#include "http/engine.hpp"
#include "http/kube/access.hpp"

#include <nlohmann/json.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <string>

namespace dklb::http::kube {

struct client_settings {
  kube::access access;
  std::chrono::milliseconds timeout{30000};
  std::size_t max_in_flight = 32; ///< writes and small reads; lists and watches are not counted
  double queries_per_second = 0;
  int burst = 0;
  std::string user_agent;
  /// Asked at the moment of each write that is `guarded`.
  std::function<bool()> may_write;
};

/// How a body is sent.
enum class patch_type { merge, json, strategic_merge, apply };

template <class T>
using reply = std::function<void(domain::result<T>)>;

/// A request in Kubernetes terms. `path` starts with /api or /apis.
struct call {
  std::string method = "GET";
  std::string path;
  nlohmann::json body;                          ///< null: none
  std::string content_type = "application/json"; ///< see content_type_of()
  http::priority priority = http::priority::normal;
  std::optional<std::chrono::milliseconds> timeout;
  /// A write that needs leadership.
  bool guarded = true;
  /// Lists go their own way, so that a status write never waits behind one.
  bool list = false;
};

const char* content_type_of(patch_type type);

/// Plain REST to one API server. Asynchronous; replies come on the engine's thread, exactly once.
/// 429 and 5xx with Retry-After are tried again (at most 10 times), a GET also after a reset
/// connection, a write never after a transport error; a 401 makes the token be read again, once.
/// Warning headers are logged. Failures carry the Status object's message.
class client {
public:
  client(http::engine& engine, client_settings settings);
  ~client();
  client(const client&) = delete;
  client& operator=(const client&) = delete;

  /// The parsed JSON answer (null for an empty one).
  void request(call what, reply<nlohmann::json> done);
  /// The answer as text, for bodies that are parsed piece by piece.
  void request_text(call what, reply<std::string> done);
  /// Opens a watch; `on_open`, `on_data`, `on_close` as in the engine.
  handle_id open_watch(const std::string& path, stream_handler handler,
                       std::chrono::milliseconds deadline);

  http::engine& engine();
  void set_limits(std::size_t max_in_flight, double queries_per_second, int burst);
  target_statistics statistics() const;

private:
  class implementation;
  std::shared_ptr<implementation> implementation_;
};

} // namespace dklb::http::kube
