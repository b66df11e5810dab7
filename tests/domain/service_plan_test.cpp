#include "domain/service_plan.hpp"

#include "domain/names.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <set>
#include <string>
#include <utility>
#include <vector>

using namespace dklb::domain;

namespace {

const service_settings settings{.cluster = "dev/kubernetes01"};

/// A Service of type LoadBalancer with port 6379, our finalizer and no annotation.
service redis_service() {
  service object;
  object.key = {"default", "redis"};
  object.uid = "uid-1";
  object.creation_timestamp = "2024-01-01T00:00:00Z";
  object.type = "LoadBalancer";
  object.ports = {{"redis", "TCP", 6379, 32213}};
  object.finalizers = {"example.com/other", finalizer_name};
  return object;
}

service annotated(const std::string& annotation) {
  auto object = redis_service();
  object.config_annotation = annotation;
  return object;
}

configuration_object parsed(const std::string& annotation) {
  const auto outcome = parse_configuration_object(annotation);
  EXPECT_TRUE(outcome) << annotation;
  return outcome ? outcome->object : configuration_object{};
}

struct planning {
  std::optional<std::string> accepted = {};
  std::set<std::string> taken_names = {};
  service_settings with = settings;
};

service_step plan(const service& object, const planning& setting = {}) {
  service_plan_input input;
  input.object = &object;
  if (setting.accepted)
    input.accepted = parsed(*setting.accepted);
  std::uint64_t next = 0;
  input.suffix = [&next] { return name_suffix(next++); };
  input.pool_exists = [&](const std::string& name) { return setting.taken_names.contains(name); };
  return plan_service(setting.with, input);
}

/// The step if it is a T; the test fails where it is another.
template <class T>
T expect_step(const service_step& step) {
  if (const auto* expected = std::get_if<T>(&step))
    return *expected;
  ADD_FAILURE() << "the step is number " << step.index();
  return {};
}

struct ownership_case {
  const char* name;
  std::function<void(service&)> change;
  bool wanted;
  bool needs_cleanup; ///< where our finalizer is there
};

TEST(Wanted, IsOurTypeOurClassAndNotDeleting) {
  const ownership_case cases[]{
    {"unclassed", [](service&) {}, true, false},
    {"our class", [](service& s) { s.load_balancer_class = "kubernetes.dcos.io/edgelb"; }, true,
     false},
    {"foreign class", [](service& s) { s.load_balancer_class = "example.com/lb"; }, false, true},
    {"cluster IP", [](service& s) { s.type = "ClusterIP"; }, false, true},
    {"deleting", [](service& s) { s.deleting = true; }, false, true},
    {"paused", [](service& s) { s.paused = true; }, true, false},
  };
  for (const auto& row : cases) {
    auto object = redis_service();
    row.change(object);
    EXPECT_EQ(wanted(settings, object), row.wanted) << row.name;
    EXPECT_EQ(needs_cleanup(settings, object), row.needs_cleanup) << row.name;
    EXPECT_EQ(std::holds_alternative<clean_up_service>(plan(object)), row.needs_cleanup)
      << row.name;
    object.finalizers = {"example.com/other"};
    EXPECT_FALSE(needs_cleanup(settings, object)) << row.name;
    EXPECT_EQ(std::holds_alternative<ignore_service>(plan(object)), !row.wanted) << row.name;
  }
}

TEST(Wanted, LeavesUnclassedServicesAloneWhereToldSo) {
  auto strict = settings;
  strict.claim_unclassed = false;
  auto object = redis_service();
  EXPECT_FALSE(wanted(strict, object));
  object.finalizers.clear();
  EXPECT_EQ(expect_step<ignore_service>(plan(object, {.with = strict})).message,
            "the Service has no loadBalancerClass; set it to \"kubernetes.dcos.io/edgelb\" to have "
            "it provisioned by dklb");
  object.load_balancer_class = "kubernetes.dcos.io/edgelb";
  EXPECT_TRUE(wanted(strict, object));
}

TEST(PlanService, ClaimsTheRedisExampleOfTheGuide) {
  const auto part = expect_step<claim_pool_part>(
    plan(annotated("name: dklb-redis\nfrontends:\n- port: 16379\n  servicePort: 6379\n")));
  ASSERT_TRUE(part.claim);
  pool_claim expected;
  expected.service = {"default", "redis"};
  expected.uid = "uid-1";
  expected.creation_timestamp = "2024-01-01T00:00:00Z";
  expected.pool = "dklb-redis";
  expected.frontends = {{16379, 6379}};
  expected.ports = {{6379, 32213, 16379}};
  EXPECT_EQ(*part.claim, expected);
  EXPECT_EQ(configuration_of(*part.claim).name, "dklb-redis");
  EXPECT_TRUE(part.warnings.empty());
  EXPECT_FALSE(part.refused_change);
}

TEST(PlanService, PutsFinalizerAndWholeDefaultObjectIntoOnePatch) {
  for (const auto* annotation : {"", "  \n", "# later\n", "{}"}) {
    auto object = annotated(annotation);
    object.finalizers = {"example.com/other"};
    const auto patch = expect_step<patch_service>(plan(object));
    EXPECT_EQ(patch.finalizers, (std::vector<std::string>{"example.com/other", finalizer_name}));
    EXPECT_EQ(patch.config_annotation, R"(name: dev--kubernetes01--aaaaa
role: slave_public
network: ""
size: 1
cpus: 0.1
memory: 128
strategies:
  creation: IfNotPresent
)");
    EXPECT_FALSE(patch.restored_message);
  }
}

TEST(PlanService, TakesTheDefaultSizeFromTheConfiguration) {
  auto larger = settings;
  larger.default_size = 4;
  const auto patch = expect_step<patch_service>(plan(redis_service(), {.with = larger}));
  EXPECT_EQ(parsed(patch.config_annotation.value_or("")).size, 4);
}

TEST(PlanService, CompletesANamelessObjectAndKeepsWhatTheUserWrote) {
  const auto patch = expect_step<patch_service>(plan(annotated(R"(role: "*"
cpus: 2
contraints: "hostname:UNIQUE"
frontends:
- port: 16379
  servicePort: 6379
)")));
  EXPECT_FALSE(patch.finalizers);
  EXPECT_EQ(patch.config_annotation, R"(name: dev--kubernetes01--aaaaa
role: "*"
network: dcos
size: 1
cpus: 2
memory: 128
constraints: "hostname:UNIQUE"
frontends:
- port: 16379
  servicePort: 6379
strategies:
  creation: IfNotPresent
)");
}

TEST(PlanService, ClaimsWhatItsOwnPatchWrote) {
  auto object = redis_service();
  object.finalizers.clear();
  const auto patch = expect_step<patch_service>(plan(object));
  object.finalizers = patch.finalizers.value_or(std::vector<std::string>{});
  object.config_annotation = patch.config_annotation;
  const auto part = expect_step<claim_pool_part>(plan(object));
  ASSERT_TRUE(part.claim);
  EXPECT_EQ(part.claim->pool, "dev--kubernetes01--aaaaa");
  EXPECT_EQ(part.claim->network, "");
  EXPECT_EQ(part.claim->cpus, 0.1);
}

TEST(PlanService, WritesNoDefaultsBesideAGivenName) {
  auto object = annotated("name: big-pool\n");
  object.finalizers.clear();
  const auto patch = expect_step<patch_service>(plan(object));
  EXPECT_EQ(patch.finalizers, std::vector<std::string>{finalizer_name});
  EXPECT_FALSE(patch.config_annotation);
  const auto part = expect_step<claim_pool_part>(plan(annotated("name: big-pool\n")));
  EXPECT_FALSE(part.claim->role || part.claim->network || part.claim->cpus || part.claim->memory
               || part.claim->size || part.claim->constraints);
}

TEST(PlanService, PassesOverGeneratedNamesThatAreTaken) {
  const auto patch = expect_step<patch_service>(plan(
    redis_service(), {.taken_names = {"dev--kubernetes01--aaaaa", "dev--kubernetes01--baaaa"}}));
  EXPECT_EQ(parsed(patch.config_annotation.value_or("")).name, "dev--kubernetes01--caaaa");
}

TEST(PlanService, StopsLookingForANameWhereEverythingIsTaken) {
  const auto object = redis_service();
  service_plan_input input;
  input.object = &object;
  input.suffix = [] { return std::string{"aaaaa"}; };
  input.pool_exists = [](const std::string&) { return true; };
  const auto refusal = expect_step<refuse_service>(plan_service(settings, input));
  EXPECT_EQ(refusal.message, "no free name for the pool was found: set \"name\" in the annotation");
}

struct refusal_case {
  const char* name;
  std::function<void(service&)> change;
  const char* message;
};

TEST(PlanService, RefusesWhatCannotBeProvisioned) {
  const refusal_case cases[]{
    {"UDP",
     [](service& s) {
       s.ports.push_back({"dns", "UDP", 53, 30053});
     },
     "port \"dns\" (53/UDP) cannot be exposed: only TCP is supported; move it to a Service of its "
     "own that is not of type LoadBalancer"},
    {"SCTP without a name",
     [](service& s) {
       s.ports = {{"", "SCTP", 5000, 30500}};
     },
     "port 5000/SCTP cannot be exposed: only TCP is supported; move it to a Service of its own "
     "that is not of type LoadBalancer"},
    {"same number in TCP and UDP",
     [](service& s) {
       s.ports.push_back({"u", "UDP", 6379, 1});
     },
     "port \"u\" (6379/UDP) cannot be exposed: only TCP is supported; move it to a Service of its "
     "own that is not of type LoadBalancer"},
    {"no nodePort", [](service& s) { s.ports[0].node_port = 0; },
     "port \"redis\" (6379/TCP) has no nodePort: set spec.allocateLoadBalancerNodePorts to true or "
     "give it a nodePort"},
    {"no port", [](service& s) { s.ports.clear(); }, "the Service has no port"},
    {"bad annotation", [](service& s) { s.config_annotation = "name: A\n"; },
     "\"A\" is not a valid edgelb pool name"},
    {"unparsable annotation", [](service& s) { s.config_annotation = "name: a\nname: b\n"; },
     "failed to parse the value of \"kubernetes.dcos.io/dklb-config\" as a configuration object: "
     "line 2: name: given twice, first in line 1"},
    {"bad annotation while paused",
     [](service& s) {
       s.paused = true;
       s.config_annotation = "name: A\n";
     },
     "\"A\" is not a valid edgelb pool name"},
    {"everything at once",
     [](service& s) {
       s.ports[0].node_port = 0;
       s.config_annotation = "size: 0\n";
     },
     "port \"redis\" (6379/TCP) has no nodePort: set spec.allocateLoadBalancerNodePorts to true or "
     "give it a nodePort; 0 is not a valid size request"},
    {"frontend port that another service port has",
     [](service& s) {
       s.ports.push_back({"web", "TCP", 80, 30080});
       s.config_annotation = "name: a\nfrontends: [{port: 80, servicePort: 6379}]\n";
     },
     "frontend port 80 has been specified twice"},
    {"no pool to be found without a name",
     [](service& s) { s.config_annotation = "strategies: {creation: Never}\n"; },
     "the creation strategy \"Never\" needs the name of a pool that exists: set \"name\" in the "
     "annotation"},
  };
  for (const auto& row : cases) {
    auto object = redis_service();
    row.change(object);
    const auto refusal = expect_step<refuse_service>(plan(object));
    EXPECT_EQ(refusal.event_reason, "TranslationError") << row.name;
    EXPECT_EQ(refusal.message, row.message) << row.name;
  }
}

TEST(PlanService, NeverTouchesADeletingServiceWithoutOurFinalizer) {
  auto object = redis_service();
  object.deleting = true;
  object.finalizers.clear();
  EXPECT_EQ(expect_step<ignore_service>(plan(object)).message, "the Service is being deleted");
}

TEST(PlanService, CleansUpADeletingServiceWhateverItsAnnotationSays) {
  auto object = annotated("name: [");
  object.deleting = true;
  expect_step<clean_up_service>(plan(object));
}

TEST(PlanService, DefaultsAPausedServiceWithoutAFinalizerThenPauses) {
  auto object = redis_service();
  object.paused = true;
  object.finalizers.clear();
  const auto patch = expect_step<patch_service>(plan(object));
  EXPECT_FALSE(patch.finalizers);
  ASSERT_TRUE(patch.config_annotation);
  object.config_annotation = patch.config_annotation;
  const auto pause = expect_step<pause_service>(plan(object));
  EXPECT_EQ(pause.message,
            "paused by the annotation \"kubernetes.dcos.io/dklb-paused\"; nothing is "
            "provisioned until it is removed");
}

TEST(PlanService, PutsARemovedAnnotationBack) {
  const auto* accepted = "name: dklb-redis\nrole: \"*\"\n";
  auto removed = redis_service();
  for (const auto& object : {removed, annotated(""), annotated("{}")}) {
    const auto patch = expect_step<patch_service>(plan(object, {.accepted = accepted}));
    EXPECT_EQ(patch.config_annotation, accepted);
    EXPECT_EQ(patch.restored_message,
              "the annotation \"kubernetes.dcos.io/dklb-config\" cannot be removed; the last "
              "accepted value was put back");
  }
}

/// `kubectl apply` of a manifest that never named the pool takes the generated name out again.
TEST(PlanService, KeepsTheGeneratedNameWhereTheAnnotationIsAppliedAgainWithoutIt) {
  const auto patch = expect_step<patch_service>(
    plan(annotated("cpus: 3\n"), {.accepted = "{name: gen--abcde, role: '*', network: dcos, "
                                              "cpus: 1, memory: 5}"}));
  EXPECT_EQ(patch.config_annotation, "name: gen--abcde\nrole: \"*\"\nnetwork: dcos\ncpus: 3\n");
  EXPECT_EQ(patch.restored_message, "the annotation no longer named the pool; \"gen--abcde\" was "
                                    "put back, because the name cannot be removed");
}

struct refused_change_case {
  const char* name;
  const char* accepted;
  const char* annotation;
  const char* text;
};

TEST(PlanService, GoesOnWithTheAcceptedObjectWhereAChangeIsForbidden) {
  const refused_change_case cases[]{
    {"name", "name: cloud-a", "name: b", "the name of the target edgelb pool cannot be changed"},
    {"role", "{name: cloud-a, role: slave_public}", "{name: cloud-a, role: '*'}",
     "the role of the target edgelb pool cannot be changed"},
    {"role removed", "{name: cloud-a, role: '*'}", "{name: cloud-a}",
     "the role of the target edgelb pool cannot be changed"},
    {"network", "{name: cloud-a, role: '*', network: x}", "{name: cloud-a, role: '*', network: y}",
     "the virtual network of the target edgelb pool cannot be changed"},
    {"cloud provider", "{name: cloud-a, cloudProviderConfiguration: '{}'}", "{name: cloud-a}",
     "the cloud-provider configuration cannot be removed"},
    {"name and cloud provider", "{name: cloud-a, cloudProviderConfiguration: '{}'}", "{size: 2}",
     "the cloud-provider configuration cannot be removed"},
  };
  for (const auto& row : cases) {
    const auto part =
      expect_step<claim_pool_part>(plan(annotated(row.annotation), {.accepted = row.accepted}));
    ASSERT_TRUE(part.claim) << row.name;
    EXPECT_EQ(part.claim->pool, "cloud-a") << row.name;
    EXPECT_EQ(configuration_of(*part.claim), parsed(row.accepted)) << row.name;
    EXPECT_EQ(part.refused_change,
              std::string{row.text}
                + "; the pool \"cloud-a\" goes on as before: put the old value "
                  "back, or delete the Service and create it again")
      << row.name;
  }
}

TEST(PlanService, FollowsAllowedChanges) {
  const auto part = expect_step<claim_pool_part>(
    plan(annotated("{name: a, size: 3, cpus: 2.5, memory: 64, constraints: c}"),
         {.accepted = "{name: a, size: 1}"}));
  EXPECT_FALSE(part.refused_change);
  EXPECT_EQ(part.claim->size, 3);
  EXPECT_EQ(part.claim->cpus, 2.5);
  EXPECT_EQ(part.claim->memory, 64);
  EXPECT_EQ(part.claim->constraints, "c");
}

/// Left out before, the role was the pool's own: whether the new word differs is the pool's call.
TEST(PlanService, LeavesAnAddedRoleToThePool) {
  const auto part = expect_step<claim_pool_part>(
    plan(annotated("{name: a, role: '*', network: dcos}"), {.accepted = "{name: a}"}));
  EXPECT_FALSE(part.refused_change);
  EXPECT_EQ(part.claim->role, "*");
}

TEST(PlanService, TellsOfARefusedChangeWhilePaused) {
  auto object = annotated("name: b");
  object.paused = true;
  const auto pause = expect_step<pause_service>(plan(object, {.accepted = "name: a"}));
  EXPECT_NE(pause.message.find("the name of the target edgelb pool cannot be changed"),
            std::string::npos);
}

TEST(PlanService, TakesAddressesAsASignOfAnEarlierPool) {
  auto object = annotated("name: a\nstrategies: {creation: Once}\n");
  EXPECT_FALSE(expect_step<claim_pool_part>(plan(object)).claim->had_address);
  object.addresses = {{"10.0.0.1", ""}};
  const auto part = expect_step<claim_pool_part>(plan(object));
  EXPECT_TRUE(part.claim->had_address);
  EXPECT_EQ(part.claim->creation, creation_strategy::once);
}

TEST(PlanService, WarnsOfEntriesForPortsThatTheServiceLacks) {
  const auto part = expect_step<claim_pool_part>(plan(annotated(
    "{name: a, contraints: x, frontends: [{port: 1, servicePort: 9090}, {servicePort: 6379}]}")));
  EXPECT_EQ(part.warnings, (std::vector<std::string>{
                             "\"contraints\" is read as \"constraints\"; please correct it",
                             "the entry of \"frontends\" for service port 9090 is ignored "
                             "because the Service has no such port"}));
  EXPECT_EQ(part.claim->ports, (std::vector<claimed_port>{{6379, 32213, 6379}}));
}

TEST(PlanService, GivesACloudProviderPoolANameOfItsOwn) {
  const auto* annotation = R"(cloudProviderConfiguration: "{\"aws\": {}}")";
  for (const std::string name : {"", "name: redis\n"}) {
    for (const auto& accepted :
         {std::optional<std::string>{}, std::optional<std::string>{"name: redis"}}) {
      const auto patch =
        expect_step<patch_service>(plan(annotated(name + annotation), {.accepted = accepted}));
      const auto object = parsed(patch.config_annotation.value_or(""));
      EXPECT_EQ(object.name, "cloud--dev--kubernetes01--aaaaa");
      EXPECT_EQ(object.network, "");
      EXPECT_EQ(object.cloud_provider_configuration, "{\"aws\": {}}");
    }
  }
}

TEST(PlanService, ClaimsACloudProviderPoolWithoutNetworkAndWithPortsOfItsChoice) {
  const auto part = expect_step<claim_pool_part>(plan(annotated(R"(name: cloudy-redis
role: "*"
network: dcos
frontends: [{port: 16379, servicePort: 6379}]
cloudProviderConfiguration: |
  {"aws": {"elbs": []}}
)")));
  ASSERT_TRUE(part.claim);
  EXPECT_EQ(part.claim->pool, "cloudy-redis");
  EXPECT_EQ(network_of(*part.claim), "");
  EXPECT_EQ(part.claim->cloud_provider, "{\"aws\": {\"elbs\": []}}\n");
  EXPECT_EQ(part.claim->ports, (std::vector<claimed_port>{{6379, 32213, 0}}));
  EXPECT_EQ(part.warnings,
            (std::vector<std::string>{
              "\"frontends\" is ignored because \"cloudProviderConfiguration\" is set",
              "\"network\" is ignored because \"cloudProviderConfiguration\" is set"}));
}

struct default_case {
  const char* object;
  const char* full;
};

TEST(WithDefaults, FillsInWhatDoesNotDependOnAPool) {
  const default_case cases[]{
    {"{}", "{role: slave_public, network: '', size: 1, cpus: 0.1, memory: 128, strategies: "
           "{creation: IfNotPresent}}"},
    {"role: '*'", "{role: '*', network: dcos, size: 1, cpus: 0.1, memory: 128, strategies: "
                  "{creation: IfNotPresent}}"},
    {"{role: x, network: n, size: 2, cpus: 0, memory: 0, strategies: {creation: Never}}",
     "{role: x, network: n, size: 2, cpus: 0, memory: 0, strategies: {creation: Never}}"},
    {"{role: '*', network: n, cloudProviderConfiguration: '{}'}",
     "{role: '*', network: '', size: 1, cpus: 0.1, memory: 128, strategies: {creation: "
     "IfNotPresent}, cloudProviderConfiguration: '{}'}"},
  };
  for (const auto& row : cases)
    EXPECT_EQ(with_defaults(parsed(row.object), settings), parsed(row.full)) << row.object;
}

} // namespace
