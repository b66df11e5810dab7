#pragma once

#include "domain/base/error.hpp"
#include "domain/explanation/page_fields.hpp"
#include "http/kube/access/access.hpp"
#include "program/inspect/blocking_client.hpp"

#include <nlohmann/json.hpp>

#include <chrono>
#include <memory>
#include <string>

namespace dklb::program {

/// Where a running dklb is looked for.
struct dklb_place {
  std::string url;                        ///< of its introspection; "": it is found by its Lease
  std::string kubeconfig;                 ///< "": as find_access() looks for one
  std::string context;                    ///< of the kubeconfig; "": the current one
  std::string name_space = "dklb-system"; ///< of dklb's pods, and of its Lease
  std::string lease = "dklb";             ///< `NAME`, or `NAMESPACE/NAME`
  int port = 8080;                        ///< of http.listen in the pod
  /// Of each request. dklb answers within a second; the API server waits 30 s for a pod that does
  /// not answer, and then says why.
  std::chrono::milliseconds timeout{35000};
};

/// A connection to the API server for commands.
struct cluster_connection {
  std::shared_ptr<blocking_client> client;
  std::string name_space; ///< the context's, or `default`
};

/// Finds the API server (find_access). The error names all attempts and the next step.
domain::result<cluster_connection> connect_to_cluster(const dklb_place& place,
                                                      const http::kube::access_environment& around);

/// A JSON answer of the API server. The error has the server's words.
domain::result<nlohmann::json> read_object(blocking_client& client, const std::string& path);

/// The introspection pages of a running dklb (docs/introspection.md), under a URL or in the pod of
/// the leader, through the API server's pod proxy. Every call blocks. Not thread-safe.
class dklb_pages {
public:
  /// Under `place.url`, which is not asked yet. The error is that of a wrong URL.
  static domain::result<dklb_pages> at_url(const dklb_place& place);
  /// In the leader's pod. Reads the Lease, whose age `now` tells. The error has the next step.
  static domain::result<dklb_pages> of_leader(const dklb_place& place,
                                              std::shared_ptr<blocking_client> cluster,
                                              domain::page::moment now);

  /// A page as JSON. An error of code `not_found` is dklb's own: there is no such object. Any other
  /// error has the next step.
  domain::result<nlohmann::json> read(const std::string& page);

  /// Something that the user should know although the pages may be right; "" for nothing.
  const std::string& warning() const { return warning_; }

private:
  dklb_pages() = default;
  domain::error no_answer(domain::error failure) const;

  dklb_place place_;
  std::shared_ptr<blocking_client> client_;
  std::string prefix_; ///< before each page's path
  std::string pod_;    ///< of the leader; "": under a URL
  std::string host_;   ///< the Host header, once the URL's own was refused
  std::string warning_;
};

} // namespace dklb::program
