#pragma once

#include <curl/curl.h>

#include <nlohmann/json_fwd.hpp>

#include <deque>
#include <string>
#include <unordered_set>
#include <vector>

namespace dklb::bench {

/// How a Kubernetes API is reached.
struct access {
  std::string server;  ///< https://host:port
  std::string ca_file; ///< PEM
  std::string token;   ///< bearer token
};

/// The least that a controller of Services can do: it lists and watches them, and patches one
/// address into the status of each that has none. One libcurl multi loop on the calling thread,
/// 32 patches in flight, HTTP/2 as dklb has it. It shares no code with http/. Lives until the
/// process ends. Throws std::runtime_error where a request fails: it is no floor then.
class floor_client {
public:
  explicit floor_client(access given);

  /// Returns when every Service is known and the watch is on its way.
  void list();
  /// Serves for ever.
  void run();

private:
  CURL* make_handle(curl_slist* headers) const;
  void watch(const std::string& version);
  void take_finished();
  void take_events();
  void consider(const nlohmann::json& service);
  void patch(const std::string& url);

  access access_;
  CURLM* multi_;
  curl_slist* read_headers_ = nullptr;
  curl_slist* patch_headers_ = nullptr;
  CURL* watch_ = nullptr;
  std::string received_;                    ///< of the watch, not looked at yet
  std::vector<CURL*> free_;                 ///< handles for patches
  std::deque<std::string> waiting_;         ///< URLs of patches to come
  std::unordered_set<std::string> patched_; ///< UIDs of Services that have their patch, or will
};

} // namespace dklb::bench
