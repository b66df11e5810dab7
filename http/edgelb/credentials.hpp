#pragma once

#include "http/edgelb/client.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace dklb::http::edgelb {

/// Where credentials may come from. The first that is set wins: the two files of the configuration
/// (only one of them may be), DKLB_EDGELB_TOKEN, SERVICE_ACCOUNT_SECRET; with none of them,
/// requests carry no credentials. Source: docs/configuration.md, "edgelb".
struct credential_sources {
  std::string bearer_token_file;
  std::string service_account_file;
  std::function<std::optional<std::string>(const std::string&)> get_env;
  /// How to trust the login endpoint: TLS settings and proxy as for EdgeLB itself.
  std::shared_ptr<const endpoint> where;
};

/// The authenticator of these sources; null where none is set. An error names the source and what
/// is wrong with it, never what is in it. `engine` must outlive it.
domain::result<std::shared_ptr<authenticator>> find_credentials(engine& engine,
                                                                const credential_sources& sources);

/// A token that never changes.
std::shared_ptr<authenticator> fixed_token(const std::string& token);

/// A token in a file, read again when the file changes (looked at once in `look_interval` at most)
/// and after a 401. While a changed file cannot be read, the token before it stays in use.
std::shared_ptr<authenticator>
token_file(const std::string& path,
           std::chrono::milliseconds look_interval = std::chrono::seconds(2));

/// Reads the text of a service account's secret, or says why not.
using secret_source = std::function<domain::result<std::string>()>;

/// The DC/OS service-account login (RS256 only). Logs in when first needed, again before the token
/// expires and after a 401; requests that come meanwhile wait for the one login under way.
std::shared_ptr<authenticator> service_account_login(engine& engine, secret_source secret,
                                                     const endpoint& trust);

/// A text file of at most 64 KiB without the blanks around its text; the error names the file.
domain::result<std::string> read_secret_file(const std::string& path);

} // namespace dklb::http::edgelb
