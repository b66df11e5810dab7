#pragma once

#include "http/engine/engine.hpp"
#include "http/engine/message.hpp"
#include "http/kube/access/access.hpp"

#include <nlohmann/json.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <string>

namespace dklb::http::kube {

struct client_settings {
  kube::access access;
  std::chrono::milliseconds timeout{30000};
  /// Of writes and small reads; lists and watches are not counted.
  target_limits limits{32, 0, 0};
  std::string user_agent; ///< "": default_user_agent()
  /// Asked at the moment of each write that is `guarded`.
  std::function<bool()> may_write;
  /// Told of every answer, for metrics: the method (LIST and WATCH for those) and the HTTP status,
  /// 0 where there was none. On the engine's thread.
  std::function<void(const std::string& method, int status)> on_answer;
};

/// How a body is sent.
enum class patch_type { merge, strategic_merge };

template <class T>
using reply = std::function<void(domain::result<T>)>;

/// A request in Kubernetes terms. `path` starts with /api or /apis.
struct call {
  std::string method = "GET";
  std::string path;
  std::string body;                              ///< "": none
  std::string content_type = "application/json"; ///< see content_type_of()
  http::priority priority = http::priority::normal;
  std::optional<std::chrono::milliseconds> timeout;
  /// A write that needs leadership. Means nothing for a GET.
  bool guarded = true;
  /// Lists go their own way, so that a status write never waits behind one.
  bool list = false;
  /// How often it may be tried again. 0 where the caller has a back-off of its own.
  int retries = 10;
};

const char* content_type_of(patch_type type);

/// `dklb/<version> (linux/<arch>)`
std::string default_user_agent();

/// A watch that is open or on its way. Any thread.
class watch_stream {
public:
  virtual ~watch_stream() = default;
  virtual void pause() = 0;
  virtual void resume() = 0;
  /// Its handler is told the end once more, as `cancelled`, unless it has been told already.
  virtual void cancel() = 0;
};

/// Plain REST to one API server. Asynchronous; replies come on the engine's thread, exactly once.
/// 429 and 5xx with Retry-After are tried again, a GET also after a reset connection, a write never
/// after a transport error; a 401 makes the credentials be read again, once. Warning headers are
/// logged. Failures carry the Status object's message. The engine has to outlive it; what waits for
/// another try when the engine ends is not answered any more.
/// Source: docs/kubernetes.md, "Requests".
class client {
public:
  client(http::engine& engine, client_settings settings);
  ~client();
  client(const client&) = delete;
  client& operator=(const client&) = delete;

  /// Changes the time-out and the limits of the requests that follow; those of `list` have limits
  /// of their own. Any thread.
  void change(std::chrono::milliseconds timeout, const target_limits& limits);

  /// The parsed JSON answer (null for an empty one).
  void request(call what, reply<nlohmann::json> done);
  /// The answer as text, for bodies that are parsed piece by piece.
  void request_text(call what, reply<std::string> done);
  /// Opens a watch. `on_open` comes only where the server agreed; a refusal is told by `on_close`
  /// with the server's words. `deadline`: the longest silence.
  std::shared_ptr<watch_stream> open_watch(const std::string& path, stream_handler handler,
                                           std::chrono::milliseconds deadline);

  http::engine& engine();

private:
  class implementation;
  std::shared_ptr<implementation> implementation_;
};

} // namespace dklb::http::kube
