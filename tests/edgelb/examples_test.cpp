// Pools as EdgeLB's users write them, from the API to the answer of a server. `@HTTPD@`, `@NGINX@`
// and `@SECURE@` stand for the ports of three web sites on 127.0.0.1, the last one with TLS.
#include "edgelb/haproxy/files.hpp"
#include "tests/edgelb/web_site.hpp"

#include <gtest/gtest.h>

namespace dklb::edgelb {
namespace {

using testing::eventually;
using testing::get;
using testing::running_edgelb;
using testing::site_security;
using testing::web_site;

constexpr const char* example_tasks = R"({"frameworks": {
  "marathon": {"id": "m-1", "tasks": [
    {"name": "host-httpd", "service": "/host-httpd", "agent": "127.0.0.1",
     "ports": [{"name": "admin", "port": 1}, {"name": "web", "port": @HTTPD@}]},
    {"name": "bridge-nginx", "service": "/bridge-nginx", "agent": "127.0.0.1",
     "ports": [{"name": "web", "port": @NGINX@}]},
    {"name": "pod", "service": "/pod", "containerName": "proxy", "agent": "127.0.0.1",
     "ports": [{"name": "web", "port": @NGINX@}]},
    {"name": "pod", "service": "/pod", "containerName": "sidecar", "agent": "127.0.0.1",
     "ports": [{"name": "web", "port": 1}]}]},
  "beta-kafka": {"tasks": [
    {"name": "broker-0", "agent": "127.0.0.1"}, {"name": "scheduler", "agent": "127.0.0.9"}]},
  "dev/kubernetes01": {"tasks": [
    {"name": "kube-node-0", "agent": "192.0.2.1", "container": "127.0.0.1"}]}}})";

struct probe {
  const char* host;
  const char* target;
  int status;
  const char* answer; ///< the body, or the Location of a redirect
};

struct example {
  const char* name;
  int port; ///< of the first frontend
  const char* pool;
  std::vector<probe> probes;
};

class EdgelbExamples : public ::testing::TestWithParam<example> {
protected:
  EdgelbExamples() {
    const auto tasks = with_ports(example_tasks);
    EXPECT_TRUE(write_durably(edgelb_.tasks_file(), tasks).has_value());
  }

  std::string with_ports(std::string text) const {
    const std::vector<std::pair<std::string, int>> sites{
      {"@HTTPD@", httpd_.port()}, {"@NGINX@", nginx_.port()}, {"@SECURE@", secure_.port()}};
    for (const auto& [mark, port] : sites) {
      for (auto at = text.find(mark); at != std::string::npos; at = text.find(mark))
        text.replace(at, mark.size(), std::to_string(port));
    }
    return text;
  }

  running_edgelb edgelb_;
  const web_site httpd_{"httpd"};
  const web_site nginx_{"nginx"};
  const web_site secure_{"secure", site_security::tls};
};

TEST_P(EdgelbExamples, WorkFromTheApiToTheServer) {
  const auto& row = GetParam();
  edgelb_.create(document::parse(with_ports(row.pool)));
  const auto name = document::parse(with_ports(row.pool))["name"].get<std::string>();
  const auto address = edgelb_.private_address(name);
  for (const auto& [host, target, status, wanted] : row.probes) {
    // The tasks are read a moment after their file was written.
    auto got = get(address, row.port, host, target);
    EXPECT_TRUE(eventually([&, target = target, host = host, status = status] {
      got = get(address, row.port, host, target);
      return got.status == status;
    }))
      << host << target << ": " << got.status;
    EXPECT_EQ(status / 100 == 3 ? got.location : got.body, wanted) << host << target;
  }
}

INSTANTIATE_TEST_SUITE_P(
  Table, EdgelbExamples,
  ::testing::Values(example{"MarathonApplication",
                            18080,
                            R"({"apiVersion": "V2", "name": "app-lb", "count": 1, "haproxy": {
      "frontends": [{"bindPort": 18080, "protocol": "HTTP",
                     "linkBackend": {"defaultBackend": "app"}}],
      "backends": [{"name": "app", "protocol": "HTTP", "services": [
        {"marathon": {"serviceID": "/host-httpd"}, "endpoint": {"portName": "web"}}]}]}})",
                            {{"a.example.com", "/x", 200, "httpd a.example.com /x"}}},
                    example{"PathRouting",
                            18080,
                            R"({"apiVersion": "V2", "name": "path-routing", "haproxy": {
      "frontends": [{"bindPort": 18080, "protocol": "HTTP", "linkBackend": {
        "defaultBackend": "httpd", "map": [{"pathBeg": "/nginx", "backend": "nginx"}]}}],
      "backends": [
        {"name": "httpd", "protocol": "HTTP", "services": [
          {"marathon": {"serviceID": "/host-httpd"}, "endpoint": {"portName": "web"}}]},
        {"name": "nginx", "protocol": "HTTP",
         "rewriteHttp": {"path": {"fromPath": "/nginx", "toPath": "/"}}, "services": [
          {"mesos": {"frameworkName": "marathon", "taskName": "bridge-nginx"},
           "endpoint": {"portName": "web"}}]}]}})",
                            {{"a", "/other", 200, "httpd a /other"},
                             {"a", "/nginx", 200, "nginx a /"},
                             {"a", "/nginx/sub/index.html", 200, "nginx a /sub/index.html"}}},
                    example{"Internal",
                            15000,
                            R"({"apiVersion": "V2", "name": "internal-lb", "role": "*", "haproxy": {
      "stats": {"bindPort": 15001},
      "frontends": [{"bindPort": 15000, "protocol": "HTTP",
                     "linkBackend": {"defaultBackend": "app"}}],
      "backends": [{"name": "app", "protocol": "HTTP", "services": [
        {"marathon": {"serviceID": "/host-httpd"}, "endpoint": {"portName": "web"}}]}]}})",
                            {{"a", "/", 200, "httpd a /"}}},
                    example{"StaticAddress",
                            18080,
                            R"({"apiVersion": "V2", "name": "dns-lb", "haproxy": {
      "frontends": [{"bindPort": 18080, "protocol": "HTTP",
                     "linkBackend": {"defaultBackend": "app"}}],
      "backends": [{"name": "app", "protocol": "HTTP", "services": [
        {"endpoint": {"type": "ADDRESS", "address": "127.0.0.1", "port": @HTTPD@}}]}]}})",
                            {{"a", "/", 200, "httpd a /"}}},
                    example{"OtherFramework",
                            18080,
                            R"({"apiVersion": "V2", "name": "services-lb", "haproxy": {
      "frontends": [{"bindPort": 18080, "protocol": "TCP",
                     "linkBackend": {"defaultBackend": "kafka"}}],
      "backends": [{"name": "kafka", "protocol": "TCP", "services": [
        {"mesos": {"frameworkName": "beta-kafka", "taskNamePattern": "^broker-.*$"},
         "endpoint": {"port": @HTTPD@}}]}]}})",
                            {{"a", "/", 200, "httpd a /"}}},
                    example{
                      "HostRouting",
                      18080,
                      R"({"apiVersion": "V2", "name": "vhost-routing", "haproxy": {
      "frontends": [{"bindPort": 18080, "protocol": "HTTP", "linkBackend": {"map": [
        {"hostEq": "nginx.example.com", "backend": "nginx"},
        {"hostReg": "*.httpd.example.com", "backend": "httpd"}]}}],
      "backends": [
        {"name": "httpd", "protocol": "HTTP", "services": [
          {"marathon": {"serviceID": "/host-httpd"}, "endpoint": {"portName": "web"}}]},
        {"name": "nginx", "protocol": "HTTP", "services": [
          {"mesos": {"frameworkName": "marathon", "taskName": "bridge-nginx"},
           "endpoint": {"portName": "web"}}]}]}})",
                      {{"nginx.example.com", "/", 200, "nginx nginx.example.com /"},
                       {"nginx.example.com:18080", "/", 200, "nginx nginx.example.com:18080 /"},
                       {"www.httpd.example.com", "/", 200, "httpd www.httpd.example.com /"}}},
                    example{"Weights",
                            18080,
                            R"({"apiVersion": "V2", "name": "app-lb", "haproxy": {
      "frontends": [{"bindPort": 18080, "protocol": "HTTP",
                     "linkBackend": {"defaultBackend": "default"}}],
      "backends": [{"name": "default", "protocol": "HTTP", "services": [
        {"marathon": {"serviceID": "/host-httpd"},
         "endpoint": {"portName": "web", "miscStr": "weight 0"}},
        {"marathon": {"serviceID": "/bridge-nginx"},
         "endpoint": {"portName": "web", "miscStr": "weight 10"}}]}]}})",
                            {{"a", "/", 200, "nginx a /"}}},
                    example{"ContainerOfAPod",
                            18080,
                            R"({"apiVersion": "V2", "name": "pod-lb", "haproxy": {
      "frontends": [{"bindPort": 18080, "protocol": "HTTP",
                     "linkBackend": {"defaultBackend": "pod"}}],
      "backends": [{"name": "pod", "protocol": "HTTP", "services": [
        {"marathon": {"serviceID": "/pod", "containerNamePattern": "^pro"},
         "endpoint": {"portName": "web"}}]}]}})",
                            {{"a", "/", 200, "nginx a /"}}},
                    example{"RedirectToHttps",
                            18080,
                            R"({"apiVersion": "V2", "name": "redirect", "haproxy": {
      "frontends": [{"bindPort": 18080, "protocol": "HTTP", "redirectToHttps": {"except": [
        {"pathBeg": "/.well-known/"}, {"host": "plain.example.com", "pathBeg": "/api"}]},
        "linkBackend": {"defaultBackend": "app"}}],
      "backends": [{"name": "app", "protocol": "HTTP", "services": [
        {"marathon": {"serviceID": "/host-httpd"}, "endpoint": {"portName": "web"}}]}]}})",
                            {{"a", "/x", 301, "https://a/x"},
                             {"a", "/.well-known/x", 200, "httpd a /.well-known/x"},
                             {"plain.example.com", "/api/x", 200, "httpd plain.example.com /api/x"},
                             {"plain.example.com", "/x", 301, "https://plain.example.com/x"}}},
                    example{"StickyAndRewrittenHost",
                            18080,
                            R"({"apiVersion": "V2", "name": "sticky", "haproxy": {
      "frontends": [{"bindPort": 18080, "protocol": "HTTP",
                     "linkBackend": {"defaultBackend": "app"}}],
      "backends": [{"name": "app", "protocol": "HTTP", "balance": "leastconn",
        "customCheck": {"httpchk": true, "httpchkMiscStr": "GET /ready"},
        "rewriteHttp": {"host": "inner.example.com", "sticky": {}}, "services": [
        {"marathon": {"serviceID": "/host-httpd"}, "endpoint": {"portName": "web"}}]}]}})",
                            {{"a", "/", 200, "httpd inner.example.com /"}}},
                    example{"HttpsServer",
                            18080,
                            R"({"apiVersion": "V2", "name": "https-backend", "haproxy": {
      "frontends": [{"bindPort": 18080, "protocol": "HTTP",
                     "linkBackend": {"defaultBackend": "app"}}],
      "backends": [{"name": "app", "protocol": "HTTPS", "services": [
        {"endpoint": {"type": "ADDRESS", "address": "127.0.0.1", "port": @SECURE@,
         "miscStr": "ssl verify none"}}]}]}})",
                            {{"a", "/", 200, "secure a /"}}},
                    example{"KubernetesNodes",
                            18080,
                            R"({"name": "dklb", "haproxy": {"stats": {"bindPort": 0},
      "frontends": [{"name": "dev.kubernetes01:default:web:80", "protocol": "TCP",
        "bindPort": 18080, "linkBackend": {"defaultBackend": "dev.kubernetes01:default:web:80"}}],
      "backends": [{"name": "dev.kubernetes01:default:web:80", "protocol": "TCP",
        "balance": "leastconn", "services": [{"marathon": {},
        "mesos": {"frameworkName": "dev/kubernetes01", "taskNamePattern": "^kube-node-.*$"},
        "endpoint": {"type": "CONTAINER_IP", "port": @NGINX@, "check": {"enabled": true}}}]}]}})",
                            {{"a", "/", 200, "nginx a /"}}}),
  [](const auto& one) { return std::string(one.param.name); });

} // namespace
} // namespace dklb::edgelb
