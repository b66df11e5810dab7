#pragma once

#include "http/kube/access/access.hpp"
#include "http/kube/access/kubeconfig.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <string>

namespace dklb::http::kube {

/// The clocks a source judges age and expiry by; a parameter so that tests can turn them.
struct source_clocks {
  std::function<std::chrono::steady_clock::time_point()> monotonic = [] {
    return std::chrono::steady_clock::now();
  };
  std::function<std::chrono::system_clock::time_point()> wall = [] {
    return std::chrono::system_clock::now();
  };
};

/// The Authorization header's value for a token, "" for none.
std::string bearer(const std::string& token);

/// A token that never changes.
std::shared_ptr<token_source> make_static_token(const std::string& token);

/// A token in a file, read again every minute and after a 401. Where it cannot be read any more the
/// last one goes on being used. `fallback`: the token while the file has never been read, "" for
/// none.
std::shared_ptr<token_source> make_file_token(std::string path, const std::string& fallback = {},
                                              source_clocks clocks = {});

/// The credentials of an exec plugin, run on a thread of its own when they are first asked for, and
/// again when they have expired or were refused: after the first refusal at once, and where that
/// does not help (the answer has expired already, or is refused again), once in ten seconds.
/// `where` is the endpoint they complete.
std::shared_ptr<token_source>
make_exec_token(exec_config plugin, kubeconfig_cluster cluster,
                std::shared_ptr<const endpoint> where, source_clocks clocks = {},
                std::chrono::milliseconds timeout = std::chrono::seconds{60});

} // namespace dklb::http::kube
