#include "domain/webhook/admission.hpp"

#include "domain/base/names.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <optional>
#include <string>
#include <vector>

using namespace dklb::domain;

namespace {

const service_settings settings{.cluster = "dev/kubernetes01", .nodes_are_servers = true};

/// One line of an annotation, right or wrong.
rc::Gen<std::string> lines() {
  return rc::gen::element<std::string>(
    "name: redis", "name: other", "name: cloud-redis", "name: -", "role: slave_public", "role: '*'",
    "network: dcos", "network: ''", "cpus: 0.5", "cpus: -1", "memory: 64", "size: 2", "size: 0",
    "constraints: '[]'", "contraints: '[]'", "frontends: [{servicePort: 80, port: 81}]",
    "frontends: [{servicePort: 80, port: 443}]", "frontends: [{servicePort: 99}]",
    "strategies: {creation: Never}", "strategies: {creation: Once}",
    "cloudProviderConfiguration: '{\"aws\": {}}'", "cloudProviderConfiguration: ''",
    "cloudProviderConfiguration: '['", "unknown: 1", "proxyProtocol: v2", "balance: roundrobin",
    "balance: source", "healthCheck: {type: http, path: /ok}", "healthCheck: {type: none}",
    "healthCheck: {path: /ok}", "timeouts: {client: 5s}", "timeouts: {client: 0}",
    "maxConnections: 5", "drain: 5s");
}

std::optional<std::string> some_annotation() {
  if (*rc::gen::inRange(0, 5) == 0)
    return std::nullopt;
  std::string text;
  for (auto count = *rc::gen::inRange(0, 4); count > 0; --count)
    text += *lines() + "\n";
  return text;
}

service some_service() {
  service object;
  object.key = {"default", "web"};
  object.uid = "uid-1";
  object.type = *rc::gen::weightedElement<std::string>({{5, "LoadBalancer"}, {1, "ClusterIP"}});
  if (*rc::gen::inRange(0, 4) == 0)
    object.load_balancer_class = *rc::gen::element<std::string>("kubernetes.dcos.io/edgelb", "x/y");
  object.ports = {{"http", "TCP", 80, 0}};
  if (*rc::gen::arbitrary<bool>())
    object.ports.push_back(
      {"https", *rc::gen::weightedElement<std::string>({{5, "TCP"}, {1, "UDP"}}), 443, 0});
  object.paused = *rc::gen::inRange(0, 5) == 0;
  object.config_annotation = some_annotation();
  service_traffic traffic;
  traffic.client_affinity = *rc::gen::inRange(0, 4) == 0;
  traffic.local_nodes_only = *rc::gen::inRange(0, 4) == 0;
  if (*rc::gen::inRange(0, 4) == 0)
    traffic.source_ranges = {"10.0.0.0/8",
                             *rc::gen::element<std::string>("10.0.0.1", "::/0", "192.0.2.1/32")};
  object.traffic = traffic;
  if (*rc::gen::inRange(0, 3) == 0)
    object.pool_annotation = *rc::gen::element<std::string>("gen--abcde", "cloud--gen--abcde", "_");
  return object;
}

admission_request some_request() {
  admission_request request;
  request.operation = admission_operation::create;
  request.object = some_service();
  if (*rc::gen::arbitrary<bool>()) {
    request.operation = admission_operation::update;
    request.old_object = some_service();
  }
  request.has_annotations = request.object->config_annotation || *rc::gen::arbitrary<bool>();
  return request;
}

name_source names() {
  return {[] { return name_suffix(*rc::gen::arbitrary<std::uint64_t>()); }, nullptr};
}

/// The request again after the mutation, as a later webhook or a reinvocation sees it.
admission_request mutated(admission_request request) {
  const auto verdict = mutate_service(settings, request, names());
  RC_ASSERT(verdict.allowed);
  if (verdict.patch.is_null())
    return request;
  auto annotations = nlohmann::json::object();
  for (const auto& operation : verdict.patch) {
    if (operation.at("path") == "/metadata/finalizers")
      request.object->finalizers = operation.at("value").get<std::vector<std::string>>();
    else if (operation.at("value").is_object())
      annotations = operation.at("value");
    else
      annotations[nlohmann::json::json_pointer{operation.at("path").get<std::string>()}.back()] =
        operation.at("value");
  }
  if (annotations.contains(config_annotation_name)) {
    RC_ASSERT(request.object->config_annotation.value_or("").empty());
    request.object->config_annotation = annotations.at(config_annotation_name).get<std::string>();
  }
  request.object->pool_annotation =
    annotations.value(pool_annotation_name, request.object->pool_annotation);
  request.has_annotations = request.has_annotations || !annotations.empty();
  return request;
}

RC_GTEST_PROP(AdmissionProperty, MutatingTwiceChangesNothing, ()) {
  const auto once = mutated(some_request());
  RC_ASSERT(mutate_service(settings, once, names()).patch.is_null());
}

RC_GTEST_PROP(AdmissionProperty, MutationNeverTurnsARightServiceIntoAWrongOne, ()) {
  const auto request = some_request();
  if (validate_service(settings, request).allowed)
    RC_ASSERT(validate_service(settings, mutated(request)).allowed);
}

RC_GTEST_PROP(AdmissionProperty, WhatIsLetInAtCreationIsPlannedWithoutRefusalOrAnotherPatch, ()) {
  auto request = some_request();
  request.operation = admission_operation::create;
  request.old_object.reset();
  request = mutated(std::move(request));
  RC_PRE(validate_service(settings, request).allowed);
  auto stored = *request.object;
  for (auto& port : stored.ports)
    port.node_port = 30000;
  const auto step =
    plan_service(settings, {&stored, std::nullopt, [] { return std::string{"abcde"}; }, nullptr});
  if (std::holds_alternative<refuse_service>(step)) {
    // It never named dklb, so it is let in with a warning.
    RC_ASSERT(!stored.load_balancer_class && !stored.config_annotation && !stored.paused);
    RC_ASSERT(validate_service(settings, request).warnings.size() == 1U);
  }
  if (const auto* patch = std::get_if<patch_service>(&step))
    RC_ASSERT(stored.paused && !patch->config_annotation && !patch->pool_annotation);
}

RC_GTEST_PROP(AdmissionProperty, WhatIsLetInAsAChangeTheControllerFollows, ()) {
  auto before = some_service();
  before.type = "LoadBalancer";
  before.load_balancer_class.reset();
  before.config_annotation =
    "name: redis\n"
    + *rc::gen::element<std::string>("", "role: '*'\n", "network: ''\n", "size: 3\n");
  before.pool_annotation = *rc::gen::element<std::string>("", "redis");
  auto after = before;
  after.pool_annotation = *rc::gen::element<std::string>("", before.pool_annotation);
  if (*rc::gen::arbitrary<bool>())
    after.config_annotation = some_annotation();
  else
    *after.config_annotation += *lines() + "\n";
  admission_request request{admission_operation::update, after, before, true};
  request = mutated(std::move(request));
  const auto changed = !same_for_plan(before, *request.object, nullptr);
  RC_CLASSIFY(!changed, "unchanged");
  if (!changed || !validate_service(settings, request).allowed)
    return;
  auto stored = *request.object;
  stored.finalizers = {finalizer_name};
  for (auto& port : stored.ports)
    port.node_port = 30000;
  const auto accepted = parse_configuration_object(*before.config_annotation);
  RC_ASSERT(accepted.has_value());
  const auto step = plan_service(
    settings, {&stored, accepted->object, [] { return std::string{"abcde"}; }, nullptr});
  RC_ASSERT(!std::holds_alternative<refuse_service>(step));
  RC_ASSERT(!std::holds_alternative<patch_service>(step));
  if (const auto* part = std::get_if<claim_pool_part>(&step))
    RC_ASSERT(!part->refused_change);
}

} // namespace
