// What a kubeconfig says, and what is told where it says it wrong.
#include "http/kube/access/kubeconfig.hpp"

#include "http/text/base64.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace dklb::tests {
namespace {

using domain::error_code;
using http::kube::kubeconfig;
using http::kube::kubeconfig_file;
using http::kube::read_kubeconfig;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::Pair;

constexpr const char* secret = "s3cr3t";

/// A kubeconfig with one context whose cluster and user have these members, indented by nothing.
std::string config_of(const std::string& cluster, const std::string& user) {
  const auto indented = [](const std::string& members) {
    std::string result;
    std::size_t start = 0;
    while (start < members.size()) {
      const auto end = std::min(members.find('\n', start), members.size());
      result += "    " + members.substr(start, end - start) + "\n";
      start = end + 1;
    }
    return result;
  };
  return "apiVersion: v1\nkind: Config\ncurrent-context: c\n"
         "contexts:\n- name: c\n  context: {cluster: k, user: u, namespace: shop}\n"
         "clusters:\n- name: k\n  cluster:\n"
         + indented(cluster) + "users:\n- name: u\n  user:\n" + indented(user);
}

domain::result<kubeconfig> read(const std::string& cluster, const std::string& user) {
  return read_kubeconfig({{"/etc/kube/config", config_of(cluster, user)}});
}

constexpr const char* plain_cluster = "server: https://api.example:6443/";

TEST(Kubeconfig, AContextMayBeNamedInsteadOfTheCurrentOne) {
  const std::vector<kubeconfig_file> files{
    {"/f", "contexts: [{name: a, context: {cluster: k, namespace: one}},\n"
           "  {name: b, context: {cluster: k, namespace: two}}]\n"
           "clusters: [{name: k, cluster: {server: 'https://h'}}]\n"}};
  const auto named = read_kubeconfig(files, "b");
  ASSERT_TRUE(named) << named.failure().message;
  EXPECT_EQ(named->context, "b");
  EXPECT_EQ(named->name_space, "two");
  const auto absent = read_kubeconfig(files, "c");
  ASSERT_FALSE(absent);
  EXPECT_THAT(absent.failure().message, HasSubstr("--context names 'c', which is not in contexts"));
}

TEST(Kubeconfig, EveryFieldOfAClusterIsRead) {
  const auto config = read("server: https://api.example:6443/base/\n"
                           "certificate-authority: ca.pem\n"
                           "certificate-authority-data: "
                             + http::base64_encode("PEM")
                             + "\ntls-server-name: kubernetes\nproxy-url: socks5://127.0.0.1:1080\n"
                               "insecure-skip-tls-verify: true\n",
                           "token: " + std::string{secret});
  ASSERT_TRUE(config) << config.failure().message;
  EXPECT_EQ(config->context, "c");
  EXPECT_EQ(config->name_space, "shop");
  EXPECT_EQ(config->path, "/etc/kube/config");
  EXPECT_EQ(config->cluster.server, "https://api.example:6443/base");
  EXPECT_EQ(config->cluster.ca_file, "/etc/kube/ca.pem");
  EXPECT_EQ(config->cluster.ca_data, "PEM");
  EXPECT_EQ(config->cluster.tls_server_name, "kubernetes");
  EXPECT_EQ(config->cluster.proxy_url, "socks5://127.0.0.1:1080");
  EXPECT_TRUE(config->cluster.insecure_skip_tls_verify);
  EXPECT_EQ(config->user.token, secret);
}

TEST(Kubeconfig, EveryFieldOfAUserIsRead) {
  const auto config =
    read(plain_cluster, "client-certificate: /abs/client.pem\nclient-key: ../client.key\n"
                        "client-certificate-data: "
                          + http::base64_encode("CERT") + "\nclient-key-data: "
                          + http::base64_encode("KEY") + "\ntokenFile: run/token");
  ASSERT_TRUE(config) << config.failure().message;
  EXPECT_EQ(config->user.certificate_file, "/abs/client.pem");
  EXPECT_EQ(config->user.key_file, "/etc/client.key");
  EXPECT_EQ(config->user.certificate_data, "CERT");
  EXPECT_EQ(config->user.key_data, "KEY");
  EXPECT_EQ(config->user.token_file, "/etc/kube/run/token");
}

TEST(Kubeconfig, AnExecPluginIsRead) {
  const auto config = read("server: https://api.example\nextensions:\n"
                           "- name: client.authentication.k8s.io/exec\n"
                           "  extension: {audience: \"7\", depth: 3, flag: true, list: [a]}",
                           "exec:\n  apiVersion: client.authentication.k8s.io/v1\n"
                           "  command: bin/login\n  args: [get, token]\n"
                           "  env: [{name: REGION, value: north}]\n  installHint: get it there\n"
                           "  provideClusterInfo: true\n  interactiveMode: IfAvailable");
  ASSERT_TRUE(config) << config.failure().message;
  ASSERT_TRUE(config->user.exec);
  const auto& exec = *config->user.exec;
  EXPECT_EQ(exec.command, "/etc/kube/bin/login");
  EXPECT_THAT(exec.arguments, ElementsAre("get", "token"));
  EXPECT_THAT(exec.environment, ElementsAre(Pair("REGION", "north")));
  EXPECT_EQ(exec.install_hint, "get it there");
  EXPECT_TRUE(exec.provide_cluster_info);
  EXPECT_EQ(config->cluster.exec_extension,
            nlohmann::json::parse(R"({"audience":"7","depth":3,"flag":true,"list":["a"]})"));
}

TEST(Kubeconfig, ACommandWithoutASlashIsLeftToThePath) {
  const auto config = read(plain_cluster, "exec: {apiVersion: client.authentication.k8s.io/v1beta1,"
                                          " command: aws}");
  ASSERT_TRUE(config) << config.failure().message;
  EXPECT_EQ(config->user.exec->command, "aws");
}

TEST(Kubeconfig, OfSeveralFilesTheFirstThatDefinesAThingWins) {
  const kubeconfig_file users{"/one/config", "users:\n- name: u\n  user: {tokenFile: mine}\n"};
  const kubeconfig_file rest{"/two/config", config_of(plain_cluster, "token: other")};
  const kubeconfig_file late{"/three/config", "current-context: other\nclusters:\n- name: k\n"
                                              "  cluster: {server: https://wrong}\n"};
  const auto config = read_kubeconfig({users, rest, late});
  ASSERT_TRUE(config) << config.failure().message;
  EXPECT_EQ(config->context, "c");
  EXPECT_EQ(config->cluster.server, "https://api.example:6443");
  EXPECT_EQ(config->user.token_file, "/one/mine") << "relative to the file that names it";
  EXPECT_EQ(config->user.token, "");
}

TEST(Kubeconfig, AContextWithoutUserIsAnonymous) {
  const auto config =
    read_kubeconfig({{"/f", "current-context: c\ncontexts: [{name: c, context: {cluster: k}}]\n"
                            "clusters: [{name: k, cluster: {server: http://127.0.0.1:8001}}]\n"}});
  ASSERT_TRUE(config) << config.failure().message;
  EXPECT_EQ(config->user.token, "");
  EXPECT_EQ(config->name_space, "");
}

TEST(Kubeconfig, AMistakeInAClusterOrUserIsNamed) {
  struct expected {
    const char* cluster;
    const char* user;
    const char* named;
  };
  const expected table[] = {
    {"proxy-url: x", "token: a", "clusters[name=k].cluster.server is missing"},
    {"server: api.example", "token: a", "must start with https:// or http://"},
    {"server: [s3cr3t]", "token: a", "clusters[name=k].cluster.server is no text"},
    {"server: https://a\ninsecure-skip-tls-verify: maybe", "token: a",
     "insecure-skip-tls-verify is neither true nor false"},
    {"server: https://a\ncertificate-authority-data: s3cr3t!", "token: a",
     "certificate-authority-data is no base64"},
    {plain_cluster, "client-certificate: a", "client-key is missing"},
    {plain_cluster, "client-key: a", "client-certificate is missing"},
    {plain_cluster, "client-key-data: s3cr3t!", "client-key-data is no base64"},
    {plain_cluster, "token: {s3cr3t: 1}", "users[name=u].user.token is no text"},
    {plain_cluster, "username: a\npassword: s3cr3t", "username is not supported"},
    {plain_cluster, "auth-provider: {name: s3cr3t}", "use an exec plugin"},
    {plain_cluster, "as: somebody", "as is not supported"},
    {plain_cluster, "exec: {command: a}", "use client.authentication.k8s.io/v1 or v1beta1"},
    {plain_cluster, "exec: {apiVersion: client.authentication.k8s.io/v1alpha1, command: a}",
     "v1alpha1"},
    {plain_cluster, "exec: {apiVersion: client.authentication.k8s.io/v1}", "command is missing"},
    {plain_cluster,
     "exec: {apiVersion: client.authentication.k8s.io/v1, command: a, interactiveMode: Always}",
     "interactiveMode is Always"},
    {plain_cluster, "exec: {apiVersion: client.authentication.k8s.io/v1, command: a, args: s3cr3t}",
     "args is no list"},
    {plain_cluster,
     "exec: {apiVersion: client.authentication.k8s.io/v1, command: a, env: [{value: s3cr3t}]}",
     "a variable without a usable name"},
  };
  for (const auto& [cluster, user, named] : table) {
    const auto config = read(cluster, user);
    ASSERT_FALSE(config) << named;
    EXPECT_EQ(config.failure().code, error_code::invalid);
    EXPECT_THAT(config.failure().message,
                AllOf(HasSubstr("/etc/kube/config: "), HasSubstr(named), Not(HasSubstr(secret))));
  }
}

TEST(Kubeconfig, AMistakeInTheFileIsNamed) {
  const std::pair<const char*, const char*> table[] = {
    {"", "current-context is not set"},
    {"a: b\n  c: s3cr3t", "/f:2: no YAML"},
    {"- s3cr3t", "the top level is no map"},
    {"current-context: c", "current-context names 'c', which is not in contexts"},
    {"current-context: c\ncontexts: s3cr3t", "which is not in contexts"},
    {"current-context: c\ncontexts: [{name: c, context: s3cr3t}]", "is no map"},
    {"current-context: c\ncontexts: [{name: c, context: {user: u}}]", "context.cluster is missing"},
    {"current-context: c\ncontexts: [{name: c, context: {cluster: k}}]",
     "context.cluster names 'k', which is not in clusters"},
    {"current-context: c\ncontexts: [{name: c, context: {cluster: k, user: u}}]\n"
     "clusters: [{name: k, cluster: {server: https://a}}]",
     "context.user names 'u', which is not in users"},
  };
  for (const auto& [text, named] : table) {
    const auto config = read_kubeconfig({{"/f", text}});
    ASSERT_FALSE(config) << named;
    EXPECT_THAT(config.failure().message,
                AllOf(HasSubstr("/f"), HasSubstr(named), Not(HasSubstr(secret))));
  }
}

} // namespace
} // namespace dklb::tests
