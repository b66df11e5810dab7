#include "http/kube/client_session.hpp"

#include "dklb/version.hpp"

#include <utility>

namespace dklb::http::kube {

const char* content_type_of(patch_type type) {
  switch (type) {
  case patch_type::merge:
    return "application/merge-patch+json";
  case patch_type::strategic_merge:
    return "application/strategic-merge-patch+json";
  }
  return "application/json";
}

std::string default_user_agent() {
#if defined(__x86_64__)
  constexpr const char* architecture = "amd64";
#elif defined(__aarch64__)
  constexpr const char* architecture = "arm64";
#else
  constexpr const char* architecture = "unknown";
#endif
  return std::string{"dklb/"} + version + " (linux/" + architecture + ")";
}

client_session::client_session(http::engine& used_engine, client_settings used_settings)
  : engine(used_engine), settings(std::move(used_settings)) {
  if (settings.user_agent.empty())
    settings.user_agent = default_user_agent();
}

void client_session::with_credential(credential_ready ready) {
  if (settings.access.token)
    settings.access.token->get(std::move(ready));
  else
    ready(credential{});
}

bool client_session::refused(const credential& used) {
  return settings.access.token && settings.access.token->refused(used);
}

header_list client_session::headers(const credential& proof) const {
  header_list headers{{"Accept", "application/json"}, {"User-Agent", settings.user_agent}};
  if (!proof.authorization.empty())
    headers.emplace_back("Authorization", proof.authorization);
  return headers;
}

std::shared_ptr<const endpoint> client_session::endpoint_of(const credential& proof) const {
  return proof.where ? proof.where : settings.access.where;
}

void client_session::tell(const std::string& method, int status) const {
  if (settings.on_answer)
    settings.on_answer(method, status);
}

} // namespace dklb::http::kube
