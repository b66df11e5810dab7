#include "http/kube/access/access.hpp"

#include "http/kube/access/files.hpp"
#include "http/kube/access/kubeconfig.hpp"
#include "http/kube/access/token_sources.hpp"

#include <array>
#include <cstdlib>
#include <filesystem>
#include <utility>
#include <vector>

namespace dklb::http::kube {
namespace {

domain::error invalid(std::string message) {
  return {domain::error_code::invalid, std::move(message), {}, 0};
}

std::string variable(const access_environment& environment, const char* name) {
  return environment.get_env(name).value_or("");
}

domain::result<access> in_cluster(const std::string& host, const std::string& port,
                                  const std::string& directory) {
  const auto token_path = directory + "/token";
  const auto ca_path = directory + "/ca.crt";
  for (const auto& path : {token_path, ca_path})
    if (trimmed(read_file(path).value_or("")).empty())
      return invalid(
        "in-cluster: " + path
        + " cannot be read, is empty or is larger than 1 MiB: mount the service account "
          "(automountServiceAccountToken)");
  auto where = std::make_shared<endpoint>();
  const bool bare_ipv6 = host.find(':') != std::string::npos && !host.starts_with('[');
  where->base_url = "https://" + (bare_ipv6 ? '[' + host + ']' : host) + ':' + port;
  where->ca_file = ca_path;
  return access{std::move(where), make_file_token(token_path),
                trimmed(read_file(directory + "/namespace").value_or("")), "in-cluster"};
}

/// A file that the kubeconfig names has to be there; it is read by whoever connects.
std::optional<domain::error> missing_file(const kubeconfig& config) {
  const std::array<std::pair<const char*, const std::string&>, 3> named{
    {{"certificate-authority", config.cluster.ca_file},
     {"client-certificate", config.user.certificate_file},
     {"client-key", config.user.key_file}}};
  for (const auto& [key, path] : named)
    if (!path.empty() && !read_file(path))
      return invalid(config.path + ": " + key + " names " + path
                     + ", which cannot be read or is larger than 1 MiB");
  return std::nullopt;
}

std::shared_ptr<token_source> token_of(const kubeconfig& config,
                                       const std::shared_ptr<const endpoint>& where) {
  // A token at hand goes before a plugin, as kubectl has it.
  if (!config.user.token_file.empty())
    return make_file_token(config.user.token_file, config.user.token);
  if (!config.user.token.empty())
    return make_static_token(config.user.token);
  if (config.user.exec)
    return make_exec_token(*config.user.exec, config.cluster, where);
  return nullptr;
}

/// `named_by`: what led to the files, for the log.
domain::result<access> from_files(const std::vector<kubeconfig_file>& files,
                                  const std::string& named_by, const std::string& context) {
  auto config = read_kubeconfig(files, context);
  if (!config)
    return config.failure();
  if (auto missing = missing_file(*config))
    return *std::move(missing);
  auto where = std::make_shared<endpoint>();
  where->base_url = config->cluster.server;
  where->ca_file = config->cluster.ca_data.empty() ? config->cluster.ca_file : "";
  where->ca_data = config->cluster.ca_data;
  // Data goes before a file of the same meaning, as kubectl has it.
  where->client_certificate_file =
    config->user.certificate_data.empty() ? config->user.certificate_file : "";
  where->client_certificate_data = config->user.certificate_data;
  where->client_key_file = config->user.key_data.empty() ? config->user.key_file : "";
  where->client_key_data = config->user.key_data;
  where->tls_server_name = config->cluster.tls_server_name;
  where->proxy_url = config->cluster.proxy_url;
  where->insecure_skip_tls_verify = config->cluster.insecure_skip_tls_verify;
  auto token = token_of(*config, where);
  return access{std::move(where), std::move(token), config->name_space,
                named_by + " (" + config->path + ", context " + config->context + ")"};
}

std::string absolute(const std::string& path) {
  std::error_code ignored;
  const auto full = std::filesystem::absolute(path, ignored);
  return full.empty() ? path : full.lexically_normal().string();
}

/// The files of a KUBECONFIG list that exist.
std::vector<kubeconfig_file> listed_files(const std::string& list) {
  std::vector<kubeconfig_file> files;
  std::size_t start = 0;
  while (start <= list.size()) {
    const auto end = std::min(list.find(':', start), list.size());
    if (end > start) {
      const auto path = absolute(list.substr(start, end - start));
      if (auto text = read_file(path))
        files.push_back({path, *std::move(text)});
    }
    start = end + 1;
  }
  return files;
}

} // namespace

access_environment process_environment() {
  return {[](const std::string& name) -> std::optional<std::string> {
            const char* value = std::getenv(name.c_str()); // NOLINT(concurrency-mt-unsafe)
            return value == nullptr ? std::nullopt : std::optional<std::string>{value};
          },
          access_environment{}.service_account_dir};
}

domain::result<access> find_access(const std::string& kubeconfig,
                                   const access_environment& environment,
                                   const std::string& context) {
  if (!kubeconfig.empty()) {
    const auto path = absolute(kubeconfig);
    auto text = read_file(path);
    if (!text)
      return invalid(
        path
        + ": the kubeconfig cannot be read: see that it exists, is readable and has at most 1 MiB");
    return from_files({{path, *std::move(text)}}, "the kubeconfig given", context);
  }
  if (const auto list = variable(environment, "KUBECONFIG"); !list.empty()) {
    const auto files = listed_files(list);
    if (files.empty())
      return invalid("KUBECONFIG names " + list
                     + ", of which nothing can be read: name a file that exists and is readable, "
                       "or unset the variable");
    return from_files(files, "KUBECONFIG", context);
  }
  std::string tried = "KUBECONFIG is not set; ";
  const auto host = variable(environment, "KUBERNETES_SERVICE_HOST");
  const auto port = variable(environment, "KUBERNETES_SERVICE_PORT");
  if (!context.empty()) {
    tried += "a pod has no contexts; ";
  } else if (!host.empty() && !port.empty()) {
    auto inside = in_cluster(host, port, environment.service_account_dir);
    if (inside)
      return inside;
    tried += inside.failure().message + "; ";
  } else {
    tried += "not in a cluster (KUBERNETES_SERVICE_HOST is not set); ";
  }
  const auto path = absolute(variable(environment, "HOME") + "/.kube/config");
  if (auto text = read_file(path))
    return from_files({{path, *std::move(text)}}, "the home folder", context);
  return invalid("no way to the Kubernetes API server: " + tried + path
                 + " cannot be read: give --kubeconfig FILE or set KUBECONFIG");
}

} // namespace dklb::http::kube
