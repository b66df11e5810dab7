#include "http/kube/access/kubeconfig.hpp"

#include "http/text/base64.hpp"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <stdexcept>

namespace dklb::http::kube {
namespace {

/// Carries a message for people to the edge of this file.
class mistake : public std::runtime_error {
public:
  using std::runtime_error::runtime_error;
};

/// A named entry of one of the lists, and the file it stands in.
struct entry {
  YAML::Node body;
  std::string file;
  std::string where; ///< e.g. `clusters[name=dev].cluster`
};

[[noreturn]] void fail(const entry& at, const std::string& what) {
  throw mistake(at.file + ": " + what);
}

std::string text(const entry& at, const char* key) {
  const YAML::Node node = at.body[key];
  if (!node.IsDefined() || node.IsNull())
    return {};
  if (!node.IsScalar())
    fail(at, at.where + '.' + key + " is no text");
  return node.Scalar();
}

bool flag(const entry& at, const char* key) {
  const auto value = text(at, key);
  if (!value.empty() && value != "true" && value != "false")
    fail(at, at.where + '.' + key + " is neither true nor false");
  return value == "true";
}

/// A file name, relative to the file that names it.
std::string file_name(const entry& at, const char* key) {
  const auto value = text(at, key);
  if (value.empty())
    return {};
  const auto directory = std::filesystem::path(at.file).parent_path();
  return (directory / value).lexically_normal().string();
}

std::string data(const entry& at, const char* key) {
  auto bytes = base64_decode(text(at, key));
  if (!bytes)
    fail(at, at.where + '.' + key + " is no base64");
  return *std::move(bytes);
}

YAML::Node load(const kubeconfig_file& file) {
  try {
    auto document = YAML::Load(file.text);
    if (document.IsNull() || !document.IsDefined())
      return YAML::Node(YAML::NodeType::Map);
    if (!document.IsMap())
      throw mistake(file.path + ": not a kubeconfig: the top level is no map");
    return document;
  } catch (const YAML::Exception& broken) {
    throw mistake(file.path + ':' + std::to_string(broken.mark.line + 1)
                  + ": no YAML: " + broken.msg);
  }
}

/// The first entry of that name in `list` over all files, in order.
std::optional<entry> find_entry(const std::vector<kubeconfig_file>& files,
                                const std::vector<YAML::Node>& documents, const char* list,
                                const char* member, const std::string& name) {
  for (std::size_t i = 0; i < documents.size(); ++i) {
    const YAML::Node items = documents[i][list];
    if (!items.IsDefined() || !items.IsSequence())
      continue;
    for (const auto& item : items) {
      if (!item.IsMap() || !item["name"].IsDefined() || !item["name"].IsScalar()
          || item["name"].Scalar() != name)
        continue;
      YAML::Node body = item[member];
      if (!body.IsDefined() || body.IsNull())
        body = YAML::Node(YAML::NodeType::Map);
      const auto where = std::string{list} + "[name=" + name + "]." + member;
      if (!body.IsMap())
        throw mistake(files[i].path + ": " + where + " is no map");
      return entry{body, files[i].path, where};
    }
  }
  return std::nullopt;
}

/// YAML as JSON: quoted scalars are text, plain ones numbers and booleans where they look it.
nlohmann::json to_json(const YAML::Node& node) {
  if (node.IsSequence()) {
    auto list = nlohmann::json::array();
    for (const auto& item : node)
      list.push_back(to_json(item));
    return list;
  }
  if (node.IsMap()) {
    auto object = nlohmann::json::object();
    for (const auto& item : node)
      object[item.first.Scalar()] = to_json(item.second);
    return object;
  }
  if (!node.IsScalar())
    return nullptr;
  if (node.Tag() == "!")
    return node.Scalar();
  auto value = nlohmann::json::parse(node.Scalar(), nullptr, false);
  return value.is_number() || value.is_boolean() ? value : nlohmann::json(node.Scalar());
}

nlohmann::json exec_extension(const entry& at) {
  const YAML::Node extensions = at.body["extensions"];
  if (!extensions.IsDefined() || !extensions.IsSequence())
    return nullptr;
  for (const auto& item : extensions)
    if (item.IsMap() && item["name"].IsDefined() && item["name"].IsScalar()
        && item["name"].Scalar() == "client.authentication.k8s.io/exec")
      return to_json(item["extension"]);
  return nullptr;
}

/// The proxies that kubectl knows; "" is none.
bool is_proxy_url(const std::string& url) {
  constexpr std::array schemes{"http://", "https://", "socks5://", "socks5h://"};
  return url.empty() || std::any_of(schemes.begin(), schemes.end(), [&](const char* scheme) {
           return url.starts_with(scheme);
         });
}

kubeconfig_cluster read_cluster(const entry& at) {
  kubeconfig_cluster cluster;
  cluster.server = text(at, "server");
  if (cluster.server.empty())
    fail(at, at.where + ".server is missing: set the API server's URL");
  if (!cluster.server.starts_with("https://") && !cluster.server.starts_with("http://"))
    fail(at, at.where + ".server is no URL: it must start with https:// or http://");
  while (cluster.server.ends_with('/'))
    cluster.server.pop_back();
  cluster.ca_file = file_name(at, "certificate-authority");
  cluster.ca_data = data(at, "certificate-authority-data");
  cluster.tls_server_name = text(at, "tls-server-name");
  cluster.proxy_url = text(at, "proxy-url");
  if (!is_proxy_url(cluster.proxy_url))
    fail(at, at.where + ".proxy-url is no URL that starts with http://, https:// or socks5://");
  cluster.insecure_skip_tls_verify = flag(at, "insecure-skip-tls-verify");
  cluster.exec_extension = exec_extension(at);
  return cluster;
}

std::vector<std::string> read_arguments(const entry& at) {
  std::vector<std::string> arguments;
  const YAML::Node list = at.body["args"];
  if (!list.IsDefined() || list.IsNull())
    return arguments;
  if (!list.IsSequence())
    fail(at, at.where + ".args is no list");
  for (const auto& item : list) {
    if (!item.IsScalar())
      fail(at, at.where + ".args holds something that is no text");
    arguments.push_back(item.Scalar());
  }
  return arguments;
}

std::vector<std::pair<std::string, std::string>> read_environment(const entry& at) {
  std::vector<std::pair<std::string, std::string>> environment;
  const YAML::Node list = at.body["env"];
  if (!list.IsDefined() || list.IsNull())
    return environment;
  if (!list.IsSequence())
    fail(at, at.where + ".env is no list");
  for (const auto& item : list) {
    if (!item.IsMap())
      fail(at, at.where + ".env holds something that is no map");
    const entry variable{item, at.file, at.where + ".env"};
    const auto name = text(variable, "name");
    if (name.empty() || name.find('=') != std::string::npos)
      fail(at, at.where + ".env holds a variable without a usable name");
    environment.emplace_back(name, text(variable, "value"));
  }
  return environment;
}

exec_config read_exec(const entry& at) {
  exec_config exec;
  exec.api_version = text(at, "apiVersion");
  if (exec.api_version != "client.authentication.k8s.io/v1"
      && exec.api_version != "client.authentication.k8s.io/v1beta1")
    fail(at, at.where + ".apiVersion is '" + exec.api_version
               + "': use client.authentication.k8s.io/v1 or v1beta1");
  exec.command = text(at, "command");
  if (exec.command.empty())
    fail(at, at.where + ".command is missing: name the program that prints the credentials");
  if (exec.command.find('/') != std::string::npos)
    exec.command = file_name(at, "command");
  if (text(at, "interactiveMode") == "Always")
    fail(at, at.where
               + ".interactiveMode is Always, but there is no terminal here: use a plugin "
                 "that works without one");
  exec.arguments = read_arguments(at);
  exec.environment = read_environment(at);
  exec.install_hint = text(at, "installHint");
  exec.provide_cluster_info = flag(at, "provideClusterInfo");
  return exec;
}

/// What would make us somebody else than the file says is refused rather than left out.
void refuse_unsupported(const entry& at) {
  using advice = std::pair<const char*, const char*>;
  static constexpr std::array unsupported{
    advice{"auth-provider", "use an exec plugin"},
    advice{"username", "use a token or a client certificate"},
    advice{"as", "use an account that has the rights itself"},
  };
  for (const auto& [key, instead] : unsupported)
    if (at.body[key].IsDefined() && !at.body[key].IsNull())
      fail(at, at.where + '.' + key + " is not supported: " + instead);
}

kubeconfig_user read_user(const entry& at) {
  refuse_unsupported(at);
  kubeconfig_user user;
  user.certificate_file = file_name(at, "client-certificate");
  user.certificate_data = data(at, "client-certificate-data");
  user.key_file = file_name(at, "client-key");
  user.key_data = data(at, "client-key-data");
  user.token = text(at, "token");
  user.token_file = file_name(at, "tokenFile");
  const bool certificate = !user.certificate_file.empty() || !user.certificate_data.empty();
  const bool key = !user.key_file.empty() || !user.key_data.empty();
  if (certificate != key)
    fail(at, at.where + ": " + (key ? "client-certificate" : "client-key")
               + " is missing: a client certificate needs both");
  const YAML::Node exec = at.body["exec"];
  if (exec.IsDefined() && exec.IsMap())
    user.exec = read_exec(entry{exec, at.file, at.where + ".exec"});
  return user;
}

std::string paths_of(const std::vector<kubeconfig_file>& files) {
  std::string paths;
  for (const auto& file : files)
    paths += (paths.empty() ? "" : ", ") + file.path;
  return paths;
}

std::string current_context(const std::vector<kubeconfig_file>& files,
                            const std::vector<YAML::Node>& documents) {
  for (std::size_t i = 0; i < documents.size(); ++i) {
    auto name = text(entry{documents[i], files[i].path, "the file"}, "current-context");
    if (!name.empty())
      return name;
  }
  throw mistake(paths_of(files)
                + ": current-context is not set: run `kubectl config use-context NAME`");
}

entry required_entry(const std::vector<kubeconfig_file>& files,
                     const std::vector<YAML::Node>& documents, const char* list, const char* member,
                     const std::string& name, const std::string& asked_by) {
  auto found = find_entry(files, documents, list, member, name);
  if (!found)
    throw mistake(paths_of(files) + ": " + asked_by + " names '" + name + "', which is not in "
                  + list);
  return *std::move(found);
}

kubeconfig resolve(const std::vector<kubeconfig_file>& files, const std::string& wanted) {
  std::vector<YAML::Node> documents;
  documents.reserve(files.size());
  for (const auto& file : files)
    documents.push_back(load(file));
  kubeconfig config;
  config.context = wanted.empty() ? current_context(files, documents) : wanted;
  const auto context = required_entry(files, documents, "contexts", "context", config.context,
                                      wanted.empty() ? "current-context" : "--context");
  config.path = context.file;
  config.name_space = text(context, "namespace");
  const auto cluster = text(context, "cluster");
  if (cluster.empty())
    fail(context, context.where + ".cluster is missing");
  config.cluster = read_cluster(
    required_entry(files, documents, "clusters", "cluster", cluster, context.where + ".cluster"));
  if (const auto user = text(context, "user"); !user.empty())
    config.user =
      read_user(required_entry(files, documents, "users", "user", user, context.where + ".user"));
  return config;
}

} // namespace

domain::result<kubeconfig> read_kubeconfig(const std::vector<kubeconfig_file>& files,
                                           const std::string& context) {
  const auto invalid = [](std::string message) {
    return domain::error{domain::error_code::invalid, std::move(message), {}, 0};
  };
  try {
    return resolve(files, context);
  } catch (const mistake& what) {
    return invalid(what.what());
  } catch (const YAML::Exception& broken) {
    // No part of the text: it may be a secret.
    return invalid(paths_of(files) + ": line " + std::to_string(broken.mark.line + 1)
                   + " is not as a kubeconfig has it");
  }
}

} // namespace dklb::http::kube
