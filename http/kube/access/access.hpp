#pragma once

#include "domain/base/error.hpp"
#include "http/engine/message.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace dklb::http::kube {

/// The proof of dklb's identity to the API server. Never logged.
struct credential {
  /// The value of the Authorization header, e.g. "Bearer ...", "" for none.
  std::string authorization;
  /// The endpoint with the client certificate of this credential. Null: access::where.
  std::shared_ptr<const endpoint> where;

  friend bool operator==(const credential&, const credential&) = default;
};

/// Called exactly once: at once on the calling thread if the credential is known, otherwise later
/// on a thread of the source. Must not block.
using credential_ready = std::function<void(domain::result<credential>)>;

/// A source of credentials, which keeps them until they expire. Lives as long as its client.
/// Thread-safe.
class token_source {
public:
  virtual ~token_source() = default;
  /// Hands the credential to `ready`. Does not wait for a plugin.
  virtual void get(credential_ready ready) = 0;
  /// The server answered 401 to `used`, so the next credential is read anew. True if a retry may
  /// help.
  virtual bool refused(const credential& used) = 0;
};

/// The endpoint and the credentials of one API server.
struct access {
  std::shared_ptr<const endpoint> where;
  std::shared_ptr<token_source> token; ///< null: client certificate or no credential
  std::string name_space;              ///< the pod's or the context's namespace, may be ""
  std::string source;                  ///< for the log: the files that this is from
};

/// The surroundings of the process that find_access() uses. A parameter, so that tests can set
/// them.
struct access_environment {
  std::function<std::optional<std::string>(const std::string&)> get_env;
  std::string service_account_dir = "/var/run/secrets/kubernetes.io/serviceaccount";
};

/// The real surroundings of this process.
access_environment process_environment();

/// Finds the API server, in the order of controller-runtime: the given file (flag or
/// configuration), KUBECONFIG (a list; the first file that defines a thing wins), the service
/// account of the pod, ~/.kube/config. The last one is also tried if the service account is not
/// mounted. Relative paths in a kubeconfig are relative to its folder. `context` is the one to
/// follow instead of the current one; a pod's service account has none, so it is passed over. The
/// error names all attempts and the next step. Blocks for files only.
/// Source: docs/kubernetes.md, "Access".
domain::result<access> find_access(const std::string& kubeconfig,
                                   const access_environment& environment,
                                   const std::string& context = {});

} // namespace dklb::http::kube
