#include "http/edgelb/connect.hpp"

#include "http/edgelb/credentials.hpp"

#include <utility>

namespace dklb::http::edgelb {

domain::result<std::shared_ptr<client>>
connect(engine& engine, const domain::config& settings,
        const std::function<std::optional<std::string>(const std::string&)>& get_env,
        client_settings hooks) {
  auto where = std::make_shared<endpoint>();
  where->base_url = settings.edgelb.url;
  while (where->base_url.ends_with('/'))
    where->base_url.pop_back();
  where->ca_file = settings.edgelb.ca_file;
  where->insecure_skip_tls_verify = settings.edgelb.insecure_skip_tls_verify;
  auto credentials =
    find_credentials(engine, {settings.edgelb.bearer_token_file,
                              settings.edgelb.service_account_file, get_env, where});
  if (!credentials)
    return std::move(credentials.failure());
  hooks.where = where;
  hooks.timeout = settings.concurrency.edgelb_timeout;
  hooks.max_in_flight = static_cast<std::size_t>(settings.concurrency.edgelb_in_flight);
  hooks.credentials = std::move(*credentials);
  return std::make_shared<client>(engine, std::move(hooks));
}

} // namespace dklb::http::edgelb
