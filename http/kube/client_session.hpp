#pragma once

#include "http/kube/client.hpp"
#include "http/kube/warnings.hpp"

#include <memory>
#include <string>

namespace dklb::http::kube {

/// What the calls and watches of one client share: the credentials, the common headers and the
/// warnings that were logged. Internal to the client; thread-safe.
struct client_session {
  client_session(http::engine& engine, client_settings settings);

  /// Calls `ready` with the credential to use, at once or later.
  void with_credential(credential_ready ready);
  /// A 401 to `used`: true where another try may help.
  bool refused(const credential& used);
  /// Accept, User-Agent and Authorization.
  header_list headers(const credential& proof) const;
  std::shared_ptr<const endpoint> endpoint_of(const credential& proof) const;
  void tell(const std::string& method, int status) const;

  http::engine& engine;
  client_settings settings;
  warning_log warnings;
};

} // namespace dklb::http::kube
