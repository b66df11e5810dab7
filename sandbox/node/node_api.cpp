#include "sandbox/node/node_api.hpp"

#include "http/kube/timestamp.hpp"
#include "sandbox/node/placement.hpp"

#include <spdlog/spdlog.h>

#include <chrono>

namespace dklb::sandbox {
namespace {

using nlohmann::json;

constexpr const char* component = "sandbox-node";

std::string path_of(const pod& which, const char* rest = "") {
  return "/api/v1/namespaces/" + which.name_space + "/pods/" + which.name + rest;
}

std::string path_of(const node& which, const char* rest = "") {
  return "/api/v1/nodes/" + which.name + rest;
}

json node_status(const node& which) {
  const std::string now = time_now();
  json addresses = json::array();
  for (const std::string& address : which.addresses) {
    addresses.push_back({{"type", "InternalIP"}, {"address", address}});
  }
  addresses.push_back({{"type", "Hostname"}, {"address", which.name}});
  return {{"addresses", std::move(addresses)},
          {"conditions", json::array({{{"type", "Ready"},
                                       {"status", "True"},
                                       {"reason", "KubeletReady"},
                                       {"message", "pods run as local processes"},
                                       {"lastHeartbeatTime", now},
                                       {"lastTransitionTime", now}}})},
          {"capacity", {{"cpu", "2"}, {"memory", "4Gi"}, {"pods", "110"}}},
          {"allocatable", {{"cpu", "2"}, {"memory", "4Gi"}, {"pods", "110"}}},
          {"nodeInfo", {{"operatingSystem", "linux"}, {"kubeletVersion", component}}}};
}

} // namespace

std::string time_now() {
  return http::kube::format_time(
    std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now()));
}

node_api::node_api(std::shared_ptr<http::kube::client> client) : client_(std::move(client)) {}

void node_api::register_node(const node& which, const completion& done) {
  const json body{{"apiVersion", "v1"},
                  {"kind", "Node"},
                  {"metadata", {{"name", which.name}, {"labels", node_labels(which)}}}};
  call(
    "POST", "/api/v1/nodes", body,
    [this, which, done](bool worked) { worked ? describe_node(which, done) : done(false); },
    domain::error_code::conflict);
}

void node_api::describe_node(const node& which, const completion& done) {
  // The API server taints a new node as not ready; the controller that would take that back is one
  // of those the sandbox does without.
  const json untainted{{"metadata", {{"labels", node_labels(which)}}},
                       {"spec", {{"taints", nullptr}}}};
  call("PATCH", path_of(which), untainted, [this, which, done](bool worked) {
    if (!worked) {
      done(false);
      return;
    }
    call("PATCH", path_of(which, "/status"), {{"status", node_status(which)}}, done);
  });
}

void node_api::bind(const pod& which, const node& where, completion done) {
  call("POST", path_of(which, "/binding"),
       {{"apiVersion", "v1"},
        {"kind", "Binding"},
        {"metadata", {{"name", which.name}, {"uid", which.uid}}},
        {"target", {{"apiVersion", "v1"}, {"kind", "Node"}, {"name", where.name}}}},
       std::move(done), domain::error_code::conflict);
}

void node_api::patch_status(const pod& which, const json& patch, completion done) {
  call("PATCH", path_of(which, "/status"), patch, std::move(done));
}

void node_api::confirm_deletion(const pod& which, completion done) {
  call("DELETE", path_of(which),
       {{"apiVersion", "v1"},
        {"kind", "DeleteOptions"},
        {"gracePeriodSeconds", 0},
        {"preconditions", {{"uid", which.uid}}}},
       std::move(done));
}

void node_api::warn(const pod& which, const std::string& reason, const std::string& message) {
  const std::string now = time_now();
  call("POST", "/api/v1/namespaces/" + which.name_space + "/events",
       {{"apiVersion", "v1"},
        {"kind", "Event"},
        {"metadata", {{"generateName", which.name + "."}}},
        {"involvedObject",
         {{"apiVersion", "v1"},
          {"kind", "Pod"},
          {"namespace", which.name_space},
          {"name", which.name},
          {"uid", which.uid}}},
        {"type", "Warning"},
        {"reason", reason},
        {"message", message},
        {"source", {{"component", component}, {"host", which.node}}},
        {"firstTimestamp", now},
        {"lastTimestamp", now},
        {"count", 1}},
       [](bool) {});
}

void node_api::call(std::string method, std::string path, const json& body, completion done,
                    domain::error_code tolerated) {
  http::kube::call what;
  what.method = std::move(method);
  what.path = std::move(path);
  if (!body.is_null()) {
    what.body = body.dump(-1, ' ', false, json::error_handler_t::replace);
  }
  if (what.method == "PATCH") {
    what.content_type = http::kube::content_type_of(http::kube::patch_type::merge);
  }
  const std::string name = what.method + " " + what.path;
  client_->request(std::move(what), [name, tolerated, done = std::move(done)](auto answer) {
    const bool worked = answer || answer.failure().code == tolerated;
    if (!worked) {
      spdlog::warn("{}: {}", name, answer.failure().message);
    }
    done(worked);
  });
}

} // namespace dklb::sandbox
