#include "domain/base/names.hpp"
#include "domain/service/service_plan.hpp"
#include "domain/text/yaml_reader.hpp"
#include "tests/domain/support/markdown.hpp"
#include "tests/domain/support/plan_through.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

using namespace dklb::domain;

namespace {

/// Every ```yaml block of the guide, read.
std::vector<yaml_node> examples() {
  std::vector<yaml_node> roots;
  for (const auto& block : code_blocks(documentation_page("guide.md"), "yaml")) {
    auto document = read_yaml(block);
    EXPECT_TRUE(document.mistakes.empty()) << block;
    roots.push_back(std::move(document.root));
  }
  return roots;
}

std::string text_at(const yaml_node* mapping, const char* key, const char* otherwise = "") {
  const auto* node = mapping == nullptr ? nullptr : find(*mapping, key);
  return node == nullptr ? otherwise : node->text;
}

bool is_kind(const yaml_node& root, const char* kind) {
  return text_at(&root, "kind") == kind;
}

/// The Service of a manifest as the API server would hand it out: nodePorts allocated.
service service_of(const yaml_node& manifest) {
  service object;
  const auto* metadata = find(manifest, "metadata");
  const auto* spec = find(manifest, "spec");
  object.key = {"default", text_at(metadata, "name")};
  object.type = text_at(spec, "type");
  if (const auto* name = find(*spec, "loadBalancerClass"))
    object.load_balancer_class = name->text;
  if (const auto* annotations = find(*metadata, "annotations")) {
    if (const auto* config = find(*annotations, config_annotation_name))
      object.config_annotation = config->text;
    object.paused = text_at(annotations, paused_annotation_name) == "true";
  }
  for (const auto& port : find(*spec, "ports")->children) {
    const auto number = std::stoi(text_at(&port, "port"));
    object.ports.push_back(
      {text_at(&port, "name"), text_at(&port, "protocol", "TCP"), number, 30000 + number % 2768});
  }
  return object;
}

/// A Service that has every port which the guide's annotations mention.
service service_with(const std::string& annotation) {
  service object;
  object.key = {"default", "web"};
  object.type = "LoadBalancer";
  object.config_annotation = annotation;
  for (const auto port : {80, 443, 8080, 9090})
    object.ports.push_back({"", "TCP", port, 30000 + port % 2768});
  return object;
}

/// All Services of the guide: its manifests, and one around each bare annotation.
std::vector<service> services() {
  std::vector<service> all;
  for (const auto& root : examples()) {
    if (const auto* annotation = find(root, config_annotation_name))
      all.push_back(service_with(annotation->text));
    else if (is_kind(root, "Service"))
      all.push_back(service_of(root));
  }
  return all;
}

service_step plan_through(const service& object) {
  service_settings settings;
  settings.cluster = "dev/kubernetes01";
  return dklb::domain::testing::plan_through(settings, object, [] { return name_suffix(7); });
}

TEST(Guide, ShowsOnlyAnnotationsServicesAndPods) {
  const auto roots = examples();
  EXPECT_GE(roots.size(), 14U);
  for (const auto& root : roots)
    EXPECT_TRUE(find(root, config_annotation_name) != nullptr || is_kind(root, "Service")
                || is_kind(root, "Pod"));
}

TEST(Guide, ShowsOnlyExamplesThatAreProvisioned) {
  for (const auto& object : services()) {
    const auto annotation = object.config_annotation.value_or("no annotation");
    const auto step = plan_through(object);
    if (const auto* refused = std::get_if<refuse_service>(&step))
      ADD_FAILURE() << refused->message << "\n" << annotation;
    if (object.paused) {
      EXPECT_TRUE(std::holds_alternative<pause_service>(step)) << annotation;
      continue;
    }
    const auto* part = std::get_if<claim_pool_part>(&step);
    ASSERT_NE(part, nullptr) << annotation;
    EXPECT_EQ(part->claim->ports.size(), object.ports.size()) << annotation;
    EXPECT_TRUE(part->warnings.empty()) << part->warnings.front() << "\n" << annotation;
  }
}

template <class T>
void take(std::optional<T>& target, const std::optional<T>& value) {
  target = value ? value : target;
}

void take_traffic(traffic_wishes& seen, const traffic_wishes& one) {
  take(seen.proxy, one.proxy);
  take(seen.balance, one.balance);
  take(seen.health_check.type, one.health_check.type);
  take(seen.health_check.path, one.health_check.path);
  take(seen.health_check.interval, one.health_check.interval);
  take(seen.health_check.rise, one.health_check.rise);
  take(seen.health_check.fall, one.health_check.fall);
  take(seen.timeouts.connect, one.timeouts.connect);
  take(seen.timeouts.client, one.timeouts.client);
  take(seen.timeouts.server, one.timeouts.server);
  take(seen.max_connections, one.max_connections);
  take(seen.drain, one.drain);
}

TEST(Guide, HasAnExampleOfEveryKey) {
  configuration_object seen;
  traffic_wishes traffic;
  for (const auto& object : services()) {
    const auto parsed = parse_configuration_object(object.config_annotation.value_or(""));
    ASSERT_TRUE(parsed);
    const auto& one = parsed->object;
    take(seen.name, one.name);
    take(seen.role, one.role);
    take(seen.network, one.network);
    take(seen.cpus, one.cpus);
    take(seen.memory, one.memory);
    take(seen.size, one.size);
    take(seen.constraints, one.constraints);
    take(seen.creation, one.creation);
    take(seen.publish, one.publish);
    seen.address = one.address.empty() ? seen.address : one.address;
    take(seen.cloud_provider_configuration, one.cloud_provider_configuration);
    take_traffic(traffic, one.traffic);
    seen.frontends = one.frontends.empty() ? seen.frontends : one.frontends;
  }
  EXPECT_TRUE(seen.name && seen.role && seen.network && seen.cpus && seen.memory && seen.size);
  EXPECT_TRUE(seen.constraints && seen.creation && seen.cloud_provider_configuration);
  EXPECT_TRUE(seen.publish && !seen.address.empty());
  EXPECT_FALSE(seen.frontends.empty());
  EXPECT_TRUE(traffic.proxy && traffic.balance && traffic.max_connections && traffic.drain);
  const auto& check = traffic.health_check;
  EXPECT_TRUE(check.type && check.path && check.interval && check.rise && check.fall);
  EXPECT_TRUE(traffic.timeouts.connect && traffic.timeouts.client && traffic.timeouts.server);
}

/// A claim that the fields of a Service and its annotation make, or the refusal.
std::string refusal_of(service_traffic traffic, const std::string& annotation, bool nodes) {
  auto object = service_with(annotation);
  object.traffic = std::move(traffic);
  object.finalizers = {finalizer_name};
  const service_settings settings{.cluster = "dev/kubernetes01", .nodes_are_servers = nodes};
  const auto step =
    plan_service(settings, {&object, std::nullopt, [] { return name_suffix(7); }, nullptr});
  const auto* refused = std::get_if<refuse_service>(&step);
  return refused == nullptr ? "accepted" : refused->message;
}

TEST(Guide, ExposesRedisOnItsPort) {
  const auto all = services();
  const auto redis = std::find_if(all.begin(), all.end(),
                                  [](const service& one) { return one.key.name == "redis"; });
  ASSERT_NE(redis, all.end());
  const auto step = plan_through(*redis);
  const auto* part = std::get_if<claim_pool_part>(&step);
  ASSERT_NE(part, nullptr);
  EXPECT_EQ(part->claim->pool, "dklb-redis");
  ASSERT_EQ(part->claim->ports.size(), 1U);
  EXPECT_EQ(part->claim->ports[0].service_port, 6379);
  EXPECT_EQ(part->claim->ports[0].bind_port, 16379);
}

/// An annotation, or a Service, for each error the guide explains; the message it gives must stand
/// in the guide with the example's own values replaced by X.
TEST(Guide, ExplainsEveryErrorInItsOwnWords) {
  const auto page = documentation_page("guide.md");
  const auto explains = [&](const std::string& message, const std::string& words) {
    EXPECT_NE(page.find(words), std::string::npos) << words;
    auto pattern = words;
    const auto hole = pattern.find('X');
    const auto head = pattern.substr(0, hole);
    const auto tail = hole == std::string::npos ? "" : pattern.substr(hole + 1);
    EXPECT_NE(message.find(head), std::string::npos) << message;
    EXPECT_NE(message.find(tail), std::string::npos) << message;
  };
  const std::vector<std::pair<std::string, std::string>> annotations{
    {"a: b", "failed to parse the value of \"kubernetes.dcos.io/dklb-config\" as a configuration "
             "object: line "},
    {"name: A", "\"X\" is not a valid edgelb pool name"},
    {"role: ''", "\"\" is not a valid role"},
    {"cpus: -1", "X is not a valid cpu request"},
    {"memory: -1", "X is not a valid memory request"},
    {"size: 0", "X is not a valid size request"},
    {"frontends: [{servicePort: 0}]", "X is not a valid port number"},
    {"frontends: [{servicePort: 1}, {servicePort: 1}]", "service port X has been specified twice"},
    {"frontends: [{port: 443, servicePort: 80}]\nname: a",
     "frontend port X has been specified twice"},
    {"strategies: {creation: x}", "failed to parse \"X\" as an edgelb pool creation strategy"},
    {"strategies: {creation: Never}",
     "the creation strategy \"Never\" needs the name of a pool that exists"},
    {"network: dcos", "cannot join a virtual network when the pool's role is \"slave_public\""},
    {"{role: x, network: ''}", "cannot join the host network when the pool's role is \"X\""},
    {"drain: 0", "must be from X"},
    {"drain: x", "expected a duration such as 30s or 1m30s"},
    {"healthCheck: {type: http, path: a}", "must begin with /"},
    {"healthCheck: {type: none, rise: 1}", "has no effect with the type none"},
    {"cloudProviderConfiguration: x", "the cloud-provider configuration is not valid"},
    {"publish: both", "is not one of: public, private, all"},
    {"address: web.example.com", "is not the IPv4 or IPv6 address of a machine"},
  };
  for (const auto& [annotation, words] : annotations) {
    const auto step = plan_through(service_with(annotation));
    const auto* refused = std::get_if<refuse_service>(&step);
    ASSERT_NE(refused, nullptr) << annotation;
    explains(refused->message, words);
  }
  auto object = service_with("");
  object.ports = {{"", "UDP", 53, 30053}, {"", "TCP", 80, 0}};
  const auto step = plan_through(object);
  const auto message = std::get<refuse_service>(step).message;
  explains(message, "cannot be exposed: only TCP is supported");
  explains(message, "has no nodePort");
  auto addressed = service_with("address: 192.0.2.10");
  service_traffic asking;
  asking.load_balancer_ip = "192.0.2.11";
  addressed.traffic = asking;
  explains(std::get<refuse_service>(plan_through(addressed)).message,
           "spec.loadBalancerIP asks for the address");
  addressed.traffic = service_traffic{};
  addressed.families = ip_families::ipv6;
  explains(std::get<refuse_service>(plan_through(addressed)).message,
           "is not of the Service's ipFamilies");
  const auto change = [](const char* before, const char* after) {
    const auto from = parse_configuration_object(before);
    const auto to = parse_configuration_object(after);
    return forbidden_change(from->object, to->object).value_or("allowed");
  };
  explains(change("name: a", "name: b"), "the name of the target edgelb pool cannot be changed");
  explains(change("role: a", "role: b"), "the role of the target edgelb pool cannot be changed");
  explains(change("{role: a, network: a}", "{role: a, network: b}"),
           "the virtual network of the target edgelb pool cannot be changed");
  explains(refusal_of({{"10.0.0.1"}, "", 0, false, false, false}, "", false),
           "is no range: write X");
  explains(refusal_of({{}, "", 0, true, false, false}, "balance: random", false),
           "X contradicts spec.sessionAffinity ClientIP");
  explains(refusal_of({{}, "", 1, false, true, false}, "healthCheck: {port: 1}", true),
           "contradicts spec.externalTrafficPolicy Local");
  explains(change("cloudProviderConfiguration: '{}'", "{}"),
           "the cloud-provider configuration cannot be removed");
}

} // namespace
