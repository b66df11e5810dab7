#pragma once

#include "http/kube/access/access.hpp"
#include "http/kube/access/kubeconfig.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <string>

namespace dklb::http::kube {

/// The clocks for age and expiry of credentials. A parameter, so that tests can set them.
struct source_clocks {
  std::function<std::chrono::steady_clock::time_point()> monotonic = [] {
    return std::chrono::steady_clock::now();
  };
  std::function<std::chrono::system_clock::time_point()> wall = [] {
    return std::chrono::system_clock::now();
  };
};

/// The value of the Authorization header for a token. "" for an empty token.
std::string bearer(const std::string& token);

/// A source with one token that never changes.
std::shared_ptr<token_source> make_static_token(const std::string& token);

/// A source that reads the token from a file, again after a minute and after a 401. If the file
/// cannot be read any more, the last token stays in use. `fallback`: the token until the file has
/// been read once, "" for none.
std::shared_ptr<token_source> make_file_token(std::string path, const std::string& fallback = {},
                                              source_clocks clocks = {});

/// A source that runs an exec plugin on a thread of its own: at the first request, and again after
/// the credential has expired or was refused. After the first refusal it runs at once. If the new
/// credential is expired or refused as well, it runs at most once in ten seconds. `where` is the
/// endpoint that a client certificate of the plugin is added to.
std::shared_ptr<token_source>
make_exec_token(exec_config plugin, kubeconfig_cluster cluster,
                std::shared_ptr<const endpoint> where, source_clocks clocks = {},
                std::chrono::milliseconds timeout = std::chrono::seconds{60});

} // namespace dklb::http::kube
