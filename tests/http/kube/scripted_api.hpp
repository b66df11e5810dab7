#pragma once

#include "http/kube/client.hpp"
#include "tests/http/support/calls.hpp"
#include "tests/http/support/raw_server.hpp"

#include <nlohmann/json.hpp>

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace dklb::tests {

/// A request as the scripted server saw it.
struct api_request {
  std::string method;
  std::string path;                           ///< without the query
  std::map<std::string, std::string> query;   ///< as encoded
  std::map<std::string, std::string> headers; ///< names in lower case
  std::string body;

  bool is_watch() const { return query.contains("watch"); }
};

/// Answers one request on its connection.
using api_step = std::function<void(const api_request&, raw_connection&)>;

/// A server that answers lists (and any other call) and watches by two scripts, in order. Where a
/// script is at its end, a watch hangs and a call is answered with 500.
class scripted_api {
public:
  scripted_api(std::vector<api_step> calls, std::vector<api_step> watches);
  ~scripted_api();

  std::vector<api_request> requests() const;
  /// The requests that are no watch, and those that are.
  std::vector<api_request> calls() const;
  std::vector<api_request> watches() const;
  /// How to reach it, without credentials.
  http::kube::client_settings settings() const;

private:
  void serve(raw_connection& connection);
  std::vector<api_request> requests_that(const std::function<bool(const api_request&)>& fit) const;

  mutable std::mutex mutex_;
  std::deque<api_step> calls_;
  std::deque<api_step> watches_;
  std::vector<api_request> requests_;
  std::unique_ptr<raw_server> server_;
};

/// A Service-like object.
nlohmann::json object_of(const std::string& name, const std::string& uid,
                         const std::string& version = "1");
/// One watch event as text.
std::string event_text(const std::string& type, const nlohmann::json& object);
std::string bookmark_text(const std::string& version, bool ends_initial_events = false);
nlohmann::json status_object(int code, const std::string& message);

/// Answers with a list.
api_step answer_list(const std::string& version, const std::vector<nlohmann::json>& items,
                     const std::string& continue_token = "");
/// Answers with a document.
api_step answer_json(int status, const nlohmann::json& body, const std::string& headers = "");
/// Answers with a Status.
api_step answer_status(int code, const std::string& message, const std::string& headers = "");
/// Cuts the connection without an answer.
api_step answer_reset();

enum class watch_end { close, cut, hang };
/// Opens a watch, sends each piece as a chunk of its own, and ends.
api_step answer_watch(const std::vector<std::string>& pieces, watch_end end);

/// The parts of a watch, for tests that steer it.
void write_watch_head(const raw_connection& connection);
void write_chunk(const raw_connection& connection, const std::string& text);

} // namespace dklb::tests
