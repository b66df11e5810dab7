#include "tests/program/inspect/scripted_pages.hpp"

#include <optional>

namespace dklb::tests {

namespace {

constexpr const char* not_own_host = R"({"error": "the Host header is not a name of this server"})";
constexpr const char* no_such_path =
  R"({"kind": "Status", "message": "the server could not find the requested resource"})";

} // namespace

scripted_pages::scripted_pages()
  : server_(
    each_request([this](raw_connection& to, const std::string& request) { serve(to, request); })) {
  kubeconfig_ = folder_.write("kubeconfig", R"(
apiVersion: v1
kind: Config
current-context: test
contexts: [{name: test, context: {cluster: test, user: jane, namespace: shop}}]
clusters: [{name: test, cluster: {server: ")" + url()
                                              + R"("}}]
users: [{name: jane, user: {token: secret}}]
)");
}

void scripted_pages::set(const std::string& path, const nlohmann::json& body, int status,
                         const std::string& host) {
  const std::lock_guard lock{mutex_};
  pages_[path] = {status, body.is_string() ? body.get<std::string>() : body.dump(), host};
}

std::vector<std::string> scripted_pages::requests() const {
  const std::lock_guard lock{mutex_};
  std::vector<std::string> paths;
  for (const auto& request : requests_) {
    const auto line = request_line(request);
    paths.push_back(line.substr(line.find(' ') + 1));
  }
  return paths;
}

std::string scripted_pages::last_header(const std::string& name) const {
  const std::lock_guard lock{mutex_};
  return requests_.empty() ? "" : request_header(requests_.back(), name);
}

http::kube::access_environment scripted_pages::environment() const {
  return {[file = kubeconfig_](const std::string& name) {
            return name == "KUBECONFIG" ? std::optional{file} : std::nullopt;
          },
          "/nonexistent"};
}

void scripted_pages::serve(raw_connection& to, const std::string& request) {
  const std::lock_guard lock{mutex_};
  requests_.push_back(request);
  const auto line = request_line(request);
  const auto found = pages_.find(line.substr(line.find(' ') + 1));
  if (found == pages_.end())
    return to.reply(404, no_such_path);
  const auto& answer = found->second;
  if (!answer.host.empty() && request_header(request, "Host") != answer.host)
    return to.reply(421, not_own_host);
  to.reply(answer.status, answer.body);
}

nlohmann::json lease_of(const std::string& holder, const std::string& renewed) {
  return {
    {"metadata", {{"name", "dklb"}}},
    {"spec", {{"holderIdentity", holder}, {"leaseDurationSeconds", 15}, {"renewTime", renewed}}}};
}

} // namespace dklb::tests
