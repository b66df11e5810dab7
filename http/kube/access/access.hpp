#pragma once

#include "domain/base/error.hpp"
#include "http/engine/message.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace dklb::http::kube {

/// What proves to the API server who we are. Never logged.
struct credential {
  /// The Authorization header's value, e.g. "Bearer ...", or "" for none.
  std::string authorization;
  /// How to reach the server with the client certificate that came with it; null: access::where.
  std::shared_ptr<const endpoint> where;

  friend bool operator==(const credential&, const credential&) = default;
};

/// Called exactly once: at once by the asking thread where the credential is at hand, else later on
/// a thread of the source's own. Must not block.
using credential_ready = std::function<void(domain::result<credential>)>;

/// Gives credentials and keeps them until they expire. Thread-safe; get() never waits.
class token_source {
public:
  virtual ~token_source() = default;
  virtual void get(credential_ready ready) = 0;
  /// The server answered 401 to `used`: what comes next is read anew. True where another try may
  /// help.
  virtual bool refused(const credential& used) = 0;
};

/// How to reach one API server, from whichever source.
struct access {
  std::shared_ptr<const endpoint> where;
  std::shared_ptr<token_source> token; ///< null: certificates or nothing
  std::string name_space;              ///< the pod's or the context's namespace, may be ""
  std::string source;                  ///< for the log: where all of this was found
};

/// What of the process's surroundings decides the access; a parameter so that tests can set it.
struct access_environment {
  std::function<std::optional<std::string>(const std::string&)> get_env;
  std::string service_account_dir = "/var/run/secrets/kubernetes.io/serviceaccount";
};

/// The process's own environment.
access_environment process_environment();

/// Finds the API server, in controller-runtime's order: the file given (flag or configuration),
/// else KUBECONFIG (a list; the first entry that defines a thing wins), else in-cluster, else
/// ~/.kube/config, also where the account of the cluster is not mounted. Relative paths inside a
/// kubeconfig are relative to it. Errors name everything that was tried and what to do. Source:
/// docs/kubernetes.md, "Access".
domain::result<access> find_access(const std::string& kubeconfig,
                                   const access_environment& environment);

} // namespace dklb::http::kube
