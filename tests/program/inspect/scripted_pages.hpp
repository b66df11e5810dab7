#pragma once

#include "http/kube/access/access.hpp"
#include "tests/http/kube/temporary_directory.hpp"
#include "tests/http/support/raw_server.hpp"

#include <nlohmann/json.hpp>

#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace dklb::tests {

/// Plays an API server with its pod proxy, or dklb itself: answers each path as the test says, and
/// everything else with 404. Its address is in a kubeconfig.
class scripted_pages {
public:
  struct page {
    int status = 200;
    std::string body;
    std::string host; ///< asked under another Host header, the answer is dklb's 421; "": any
  };

  scripted_pages();

  /// From now on.
  void set(const std::string& path, const nlohmann::json& body, int status = 200,
           const std::string& host = {});
  /// The requests so far, as `PATH` with its query.
  std::vector<std::string> requests() const;
  /// The value of a header of the last request.
  std::string last_header(const std::string& name) const;

  std::string url() const { return server_.url(); }
  std::string kubeconfig() const { return kubeconfig_; }
  /// Surroundings in which the kubeconfig is found.
  http::kube::access_environment environment() const;

private:
  void serve(raw_connection& to, const std::string& request);

  mutable std::mutex mutex_;
  std::map<std::string, page> pages_;
  std::vector<std::string> requests_;
  temporary_directory folder_;
  std::string kubeconfig_;
  raw_server server_;
};

/// A Lease whose holder is this identity, renewed at `renewed`.
nlohmann::json lease_of(const std::string& holder, const std::string& renewed);

} // namespace dklb::tests
