#include "http/kube/denial.hpp"

namespace dklb::http::kube {

std::optional<std::string> denial_of(const domain::error& failure) {
  if (failure.code == domain::error_code::unauthorized)
    return "the API server does not accept dklb's credentials (HTTP status 401): check the token "
           "or the kubeconfig";
  // RBAC's own sentence: `services "web" is forbidden: User "..." cannot patch resource "services"
  // in API group "" in the namespace "default"`.
  const auto user = failure.message.find("User \"");
  if (failure.code != domain::error_code::forbidden || user == std::string::npos
      || failure.message.find("\" cannot ", user) == std::string::npos)
    return std::nullopt;
  return failure.message.substr(user) + ": check the roles of dklb's account";
}

bool is_another_object(const domain::error& failure) {
  return failure.code == domain::error_code::rejected
         && failure.message.find("metadata.uid: Invalid value: ") != std::string::npos;
}

} // namespace dklb::http::kube
