#include "domain/service/service_plan.hpp"

#include "domain/base/names.hpp"

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
  std::string claimed = {};
  std::set<std::string> held = {};   ///< pools with objects of this Service
  std::set<std::string> others = {}; ///< pools with objects of others
};

service_step plan(const service& object, const planning& setting = {}) {
  service_plan_input input;
  input.object = &object;
  if (setting.accepted)
    input.accepted = parsed(*setting.accepted);
  std::uint64_t next = 0;
  input.suffix = [&next] { return name_suffix(next++); };
  input.pool_exists = [&](const std::string& name) {
    return setting.taken_names.contains(name) || setting.held.contains(name)
           || setting.others.contains(name);
  };
  input.claimed = setting.claimed;
  input.holders = [&](const std::string& name) {
    return pool_holders{setting.held.contains(name), setting.others.contains(name)};
  };
  input.held = [&] { return std::vector<std::string>{setting.held.begin(), setting.held.end()}; };
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
  for (const auto& annotation : {std::optional<std::string>{}, {""}, {"  \n"}}) {
    auto object = redis_service();
    object.config_annotation = annotation;
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
    EXPECT_FALSE(patch.pool_annotation) << "the text names the pool";
    EXPECT_FALSE(patch.restored_message);
  }
}

TEST(PlanService, TakesTheDefaultSizeFromTheConfiguration) {
  auto larger = settings;
  larger.default_size = 4;
  const auto patch = expect_step<patch_service>(plan(redis_service(), {.with = larger}));
  EXPECT_EQ(parsed(patch.config_annotation.value_or("")).size, 4);
}

/// A text of a user is never changed: what dklb chose stands in an annotation of its own.
TEST(PlanService, LeavesATextWithoutANameAsItIsAndNamesThePoolBesideIt) {
  for (const auto* annotation : {"# later\n", "{}", "size: 2", R"(role: "*"
cpus: 2
contraints: "hostname:UNIQUE"
frontends:
- port: 16379
  servicePort: 6379
)"}) {
    auto object = annotated(annotation);
    object.finalizers.clear();
    const auto patch = expect_step<patch_service>(plan(object));
    EXPECT_EQ(patch.finalizers, std::vector<std::string>{finalizer_name}) << annotation;
    EXPECT_EQ(patch.pool_annotation, "dev--kubernetes01--aaaaa") << annotation;
    EXPECT_FALSE(patch.config_annotation) << annotation;
    EXPECT_FALSE(patch.restored_message) << annotation;
    ASSERT_TRUE(patch.next) << annotation;
    auto wishes = parsed(annotation);
    wishes.name = "dev--kubernetes01--aaaaa";
    EXPECT_EQ(configuration_of(*patch.next->claim), wishes) << "and no default";
  }
}

TEST(PlanService, ClaimsWhatItsOwnPatchWrote) {
  for (const auto& annotation : {std::optional<std::string>{}, {"size: 2\n"}}) {
    auto object = redis_service();
    object.config_annotation = annotation;
    object.finalizers.clear();
    const auto patch = expect_step<patch_service>(plan(object));
    object.finalizers = patch.finalizers.value_or(std::vector<std::string>{});
    object.config_annotation =
      patch.config_annotation ? patch.config_annotation : object.config_annotation;
    object.pool_annotation = patch.pool_annotation.value_or("");
    const auto part = expect_step<claim_pool_part>(plan(object));
    ASSERT_TRUE(part.claim && patch.next);
    EXPECT_EQ(part.claim->pool, "dev--kubernetes01--aaaaa");
    EXPECT_EQ(*part.claim, *patch.next->claim);
  }
}

// -- kubernetes.dcos.io/dklb-pool

struct pool_annotation_case {
  const char* name;
  const char* text;
  const char* said; ///< dklb-pool
  planning known;
  const char* pool;    ///< what is claimed
  const char* written; ///< into dklb-pool; null: nothing is
  bool told;           ///< that it was put right
};

const pool_annotation_case pool_annotation_cases[]{
  {"as it was written", "size: 2", "gen", {}, "gen", nullptr, false},
  {"served in it", "size: 2", "gen", {.held = {"gen"}}, "gen", nullptr, false},
  {"accepted", "size: 2", "gen", {.accepted = "name: gen"}, "gen", nullptr, false},
  {"removed", "size: 2", "", {.accepted = "name: gen"}, "gen", "gen", false},
  {"removed before EdgeLB took the claim", "size: 2", "", {.claimed = "gen"}, "gen", "gen", false},
  {"removed while dklb was away", "size: 2", "", {.held = {"gen"}}, "gen", "gen", false},
  {"changed", "size: 2", "other", {.accepted = "name: gen"}, "gen", "gen", true},
  {"changed before EdgeLB took the claim", "", "other", {.claimed = "gen"}, "gen", "gen", true},
  {"changed while dklb was away", "size: 2", "other", {.held = {"gen"}}, "gen", "gen", true},
  {"changed to a pool of others while dklb was away",
   "size: 2",
   "other",
   {.held = {"gen"}, .others = {"other"}},
   "gen",
   "gen",
   true},
  {"no pool's name", "size: 2", "No_Pool\n", {.accepted = "name: gen"}, "gen", "gen", true},
  {"no pool's name, after a restart", "size: 2", "No_Pool", {.held = {"gen"}}, "gen", "gen", true},
  {"no pool's name and nothing known",
   "size: 2",
   "-",
   {},
   "dev--kubernetes01--aaaaa",
   "dev--kubernetes01--aaaaa",
   true},
  {"copied from another Service",
   "size: 2",
   "gen",
   {.others = {"gen"}},
   "dev--kubernetes01--aaaaa",
   "dev--kubernetes01--aaaaa",
   true},
  {"shared with others",
   "size: 2",
   "gen",
   {.held = {"gen"}, .others = {"gen"}},
   "gen",
   nullptr,
   false},
  {"the pool was deleted by hand", "size: 2", "gen", {.held = {}}, "gen", nullptr, false},
  {"the pool was emptied by hand",
   "size: 2",
   "gen",
   {.taken_names = {"gen"}},
   "gen",
   nullptr,
   false},
  {"an earlier version completed the text",
   "{name: gen, role: slave_public}",
   "",
   {},
   "gen",
   nullptr,
   false},
  {"a text of before, put back over the completed one",
   "size: 2",
   "",
   {.accepted = "{name: gen, role: slave_public, network: '', size: 2, cpus: 0.1}"},
   "gen",
   "gen",
   false},
  {"the same while dklb was away", "size: 2", "", {.held = {"gen"}}, "gen", "gen", false},
  {"the name of the text was removed",
   "size: 2",
   "",
   {.accepted = "name: shop"},
   "shop",
   "shop",
   false},
  {"the same name in the text",
   "name: gen",
   "gen",
   {.accepted = "name: gen"},
   "gen",
   nullptr,
   false},
  {"the text names its pool", "name: shop", "gen", {.held = {"shop"}}, "shop", "shop", true},
  {"the text of a new Service names its pool", "name: shop", "gen", {}, "shop", "shop", true},
  {"emptied", "", "gen", {.accepted = "name: gen"}, "gen", nullptr, false},
  {"emptied for the first time", "", "", {.accepted = "name: gen"}, "gen", "gen", false},
  {"emptied, after a restart", " \n", "gen", {}, "gen", nullptr, false},
};

TEST(PoolAnnotation, KeepsTheChosenNameWhateverBecomesOfIt) {
  for (const auto& row : pool_annotation_cases) {
    SCOPED_TRACE(row.name);
    auto object = annotated(row.text);
    object.pool_annotation = row.said;
    auto step = plan(object, row.known);
    if (row.written != nullptr) {
      const auto patch = expect_step<patch_service>(step);
      EXPECT_EQ(patch.pool_annotation, row.written);
      EXPECT_FALSE(patch.config_annotation) << "a text is never changed";
      EXPECT_FALSE(patch.finalizers);
      EXPECT_EQ(patch.restored_message.has_value(), row.told);
      ASSERT_TRUE(patch.next);
      EXPECT_EQ(patch.next->claim->pool, row.pool);
      object.pool_annotation = row.written;
      step = plan(object, row.known);
    }
    const auto part = expect_step<claim_pool_part>(step);
    ASSERT_TRUE(part.claim);
    EXPECT_EQ(part.claim->pool, row.pool);
    EXPECT_FALSE(part.refused_change);
  }
}

TEST(PoolAnnotation, IsNeverRepeatedInAMessageAsAUserWroteIt) {
  auto object = annotated("size: 2");
  object.pool_annotation = "x\n\x1b[31mforged";
  const auto patch = expect_step<patch_service>(plan(object, {.accepted = "name: gen"}));
  EXPECT_EQ(patch.restored_message,
            "the annotation \"kubernetes.dcos.io/dklb-pool\" is written by dklb alone; it names "
            "\"gen\" again, the pool of this Service: to use another one, set \"name\" in "
            "\"kubernetes.dcos.io/dklb-config\" of a new Service");
}

/// A manifest that was copied with the annotation, for a Service that dklb never served.
TEST(PoolAnnotation, OfANewServiceCountsOnlyWhereThePoolIsFreeOrItsOwn) {
  struct row {
    const char* name;
    planning known;
    const char* pool;
  };
  const row rows[]{
    {"the webhook wrote it", {}, "gen"},
    {"restored from a backup", {.held = {"gen"}}, "gen"},
    {"copied within the cluster", {.others = {"gen"}}, "dev--kubernetes01--aaaaa"},
    {"copied from another cluster", {.taken_names = {"gen"}}, "dev--kubernetes01--aaaaa"},
  };
  for (const auto& row : rows) {
    auto object = annotated("size: 2");
    object.finalizers.clear();
    object.pool_annotation = "gen";
    const auto patch = expect_step<patch_service>(plan(object, row.known));
    ASSERT_TRUE(patch.next) << row.name;
    EXPECT_EQ(patch.next->claim->pool, row.pool) << row.name;
  }
}

TEST(PoolAnnotation, NameThatIsAddedLaterIsARenaming) {
  for (const auto& known :
       {planning{.accepted = "{name: gen, size: 2}"}, planning{.held = {"gen"}}}) {
    auto object = annotated("{name: other, size: 2}");
    object.pool_annotation = "gen";
    const auto part = expect_step<claim_pool_part>(plan(object, known));
    ASSERT_TRUE(part.claim);
    EXPECT_EQ(part.claim->pool, "gen");
    EXPECT_EQ(part.claim->size, 2);
    EXPECT_EQ(part.refused_change,
              "the name of the target edgelb pool cannot be changed; the pool \"gen\" goes on as "
              "before: put the old value back, or delete the Service and create it again");
  }
}

TEST(PoolAnnotation, GivesNeverTheNameThatTheTextLost) {
  const auto patch = expect_step<patch_service>(
    plan(annotated("strategies: {creation: Never}"), {.accepted = "name: shop"}));
  EXPECT_EQ(patch.pool_annotation, "shop");
}

TEST(PoolAnnotation, IsWrittenForAPausedServiceToo) {
  auto object = annotated("size: 2");
  object.paused = true;
  object.finalizers.clear();
  const auto patch = expect_step<patch_service>(plan(object));
  EXPECT_EQ(patch.pool_annotation, "dev--kubernetes01--aaaaa");
  EXPECT_FALSE(patch.finalizers || patch.config_annotation || patch.next);
  object.pool_annotation = *patch.pool_annotation;
  expect_step<pause_service>(plan(object));
}

TEST(PoolAnnotation, IsNotWrittenForATextThatIsRefused) {
  auto object = annotated("frontends: [{port: 80, servicePort: 6379}]");
  object.ports.push_back({"web", "TCP", 80, 30080});
  expect_step<refuse_service>(plan(object));
}

TEST(PoolAnnotation, MakesADifferenceToThePlan) {
  auto object = annotated("size: 2");
  auto other = object;
  other.pool_annotation = "gen";
  EXPECT_FALSE(same_for_plan(object, other, nullptr));
}

service saying(const std::string& annotation, service_traffic traffic) {
  auto object = annotated(annotation);
  object.traffic = std::move(traffic);
  return object;
}

TEST(ServiceFields, MakeADifferenceToThePlan) {
  const auto object = annotated("name: redis");
  auto limited = object;
  limited.traffic = service_traffic{{"10.0.0.0/8"}, "", 0, false, false, false};
  EXPECT_FALSE(same_for_plan(object, limited, nullptr));
  auto other_family = object;
  other_family.families = ip_families::ipv6;
  EXPECT_FALSE(same_for_plan(object, other_family, nullptr));
}

TEST(ServiceFields, StandInTheClaimInOneForm) {
  const auto claim_of = [](std::vector<std::string> ranges) {
    return expect_step<claim_pool_part>(
             plan(saying("name: redis", {std::move(ranges), "", 32000, true, true, false})))
      .claim;
  };
  const auto claim = claim_of({"192.0.2.0/24", "10.1.2.3/8"});
  EXPECT_EQ(claim->fields,
            (claimed_fields{{true, {"10.0.0.0/8", "192.0.2.0/24"}, {}}, true, 32000}));
  // So another order changes no claim, and wakes no pool.
  EXPECT_EQ(*claim, *claim_of({"10.0.0.0/8", "192.0.2.0/24", "10.0.0.0/8"}));
  EXPECT_EQ(configuration_of(*claim), parsed("name: redis"));
}

TEST(ServiceFields, TheHealthCheckPortCountsWithTheLocalPolicyOnly) {
  const auto step = plan(saying("name: redis", {{}, "", 32000, true, false, false}));
  EXPECT_EQ(expect_step<claim_pool_part>(step).claim->fields.local_check_port, 0);
}

TEST(ServiceFields, RefusalsNameEachWrongRangeUpToALimit) {
  const auto step =
    plan(saying("name: redis", {{"a", "b", "c", "d", "e", "f", "g"}, "", 0, false, false, false}));
  const auto message = expect_step<refuse_service>(step).message;
  EXPECT_NE(message.find("spec.loadBalancerSourceRanges: \"e\" is no range"), std::string::npos);
  EXPECT_EQ(message.find("\"f\""), std::string::npos);
  EXPECT_NE(message.find("and 2 more that are no range"), std::string::npos);
}

TEST(ServiceFields, MoreRangesThanAFrontendCanCarryAreRefused) {
  const auto step_with = [](std::size_t count) {
    return plan(saying(
      "name: redis", {std::vector<std::string>(count, "10.0.0.0/8"), "", 0, false, false, false}));
  };
  expect_step<claim_pool_part>(step_with(source_range_limit));
  EXPECT_NE(expect_step<refuse_service>(step_with(source_range_limit + 1))
              .message.find("spec.loadBalancerSourceRanges has 4097 ranges: write at most 4096"),
            std::string::npos);
}

TEST(ServiceFields, WhereTheNodesAreNotTheServersTheirOwnCheckContradictsNothing) {
  const auto object =
    saying("name: redis\nhealthCheck: {type: http}", {{}, "", 32000, false, true, false});
  expect_step<claim_pool_part>(plan(object));
  planning nodes;
  nodes.with.nodes_are_servers = true;
  expect_step<refuse_service>(plan(object, nodes));
}

TEST(ServiceFields, ComeBeforeAnAcceptedKeyThatContradictsThem) {
  // The text asks for another pool, which is refused; what was accepted contradicts the new field.
  const auto object = saying("name: other", {{}, "", 0, true, false, false});
  const auto step =
    expect_step<claim_pool_part>(plan(object, {.accepted = "name: redis\nbalance: random"}));
  EXPECT_TRUE(step.refused_change);
  EXPECT_TRUE(step.claim->fields.client_affinity);
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
            "paused by the annotation \"kubernetes.dcos.io/dklb-paused\"; nothing of it is "
            "provisioned, changed or removed until the annotation is removed");
  EXPECT_EQ(pause.claim, nullptr) << "it has never claimed anything";
}

TEST(PlanService, APausedServiceHoldsWhatItHasInItsPool) {
  auto object = annotated("{name: p, size: 2}");
  object.paused = true;
  const auto pause = expect_step<pause_service>(plan(object));
  ASSERT_NE(pause.claim, nullptr);
  EXPECT_EQ(pause.claim->pool, "p");
  EXPECT_EQ(pause.claim->size, 2);
  EXPECT_TRUE(pause.claim->paused);
}

TEST(PlanService, RemovesNothingOfAPausedServiceThatIsDeletedOrGivenAway) {
  for (const bool deleting : {true, false}) {
    auto object = annotated("name: p");
    object.paused = true;
    object.deleting = deleting;
    object.type = deleting ? "LoadBalancer" : "ClusterIP";
    const auto pause = expect_step<pause_service>(plan(object));
    EXPECT_NE(pause.message.find("remove the annotation to have both removed"), std::string::npos);
    object.paused = false;
    expect_step<clean_up_service>(plan(object));
    // Without the finalizer there is nothing that waits.
    object.paused = true;
    object.finalizers.clear();
    expect_step<ignore_service>(plan(object));
  }
}

TEST(PlanService, PutsARemovedAnnotationBack) {
  const auto* accepted = "name: dklb-redis\nrole: \"*\"\n";
  const auto patch = expect_step<patch_service>(plan(redis_service(), {.accepted = accepted}));
  EXPECT_EQ(patch.config_annotation, accepted);
  EXPECT_EQ(patch.restored_message,
            "the annotation \"kubernetes.dcos.io/dklb-config\" cannot be removed; the last "
            "accepted value was put back");
}

TEST(PlanService, PutsARemovedAnnotationBackAlsoWhereItDoesNotFitThePortsAnyMore) {
  auto object = redis_service();
  object.ports.push_back({"web", "TCP", 80, 30080});
  const auto* accepted = "name: a\nfrontends:\n- port: 80\n  servicePort: 6379\n";
  const auto patch = expect_step<patch_service>(plan(object, {.accepted = accepted}));
  EXPECT_EQ(patch.config_annotation, accepted);
  EXPECT_FALSE(patch.next);
}

/// Of the last accepted object only the pool is known then, and what the pool has.
TEST(PlanService, PutsTheNameBackWhereTheAnnotationWasRemovedWhileDklbWasAway) {
  auto object = redis_service();
  object.pool_annotation = "gen";
  for (const auto& known : {planning{.held = {"gen"}}, planning{.taken_names = {"gen"}}}) {
    const auto patch = expect_step<patch_service>(plan(object, known));
    EXPECT_EQ(patch.config_annotation, "name: gen\n");
    EXPECT_EQ(patch.restored_message,
              "the annotation \"kubernetes.dcos.io/dklb-config\" cannot be removed; the name of "
              "the Service's pool was put back");
  }
}

/// Where the text lost a role that cannot change, nothing of it is put back: the pool goes on.
TEST(PlanService, RefusesALostRoleTogetherWithALostName) {
  const auto patch = expect_step<patch_service>(
    plan(annotated("cpus: 3\n"), {.accepted = "{name: gen--abcde, role: '*', cpus: 1}"}));
  EXPECT_EQ(patch.pool_annotation, "gen--abcde");
  EXPECT_FALSE(patch.config_annotation);
  ASSERT_TRUE(patch.next && patch.next->refused_change);
  EXPECT_NE(patch.next->refused_change->find("the role of the target edgelb pool"),
            std::string::npos);
  EXPECT_EQ(patch.next->claim->cpus, 1);
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
    const auto step = plan(annotated(row.annotation), {.accepted = row.accepted});
    const auto* patch = std::get_if<patch_service>(&step); // of dklb-pool, where the name is lost
    const auto part =
      patch != nullptr && patch->next ? *patch->next : expect_step<claim_pool_part>(step);
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
  const std::string cloud = R"(cloudProviderConfiguration: "{\"aws\": {}}")";
  for (const std::string name : {"", "name: redis\n"}) {
    for (const auto& accepted :
         {std::optional<std::string>{}, std::optional<std::string>{"name: redis"}}) {
      auto object = annotated(name + cloud);
      object.pool_annotation = "redis";
      const auto patch = expect_step<patch_service>(plan(object, {.accepted = accepted}));
      EXPECT_FALSE(patch.config_annotation);
      EXPECT_EQ(patch.pool_annotation, "cloud--dev--kubernetes01--aaaaa");
      ASSERT_TRUE(patch.next);
      EXPECT_EQ(patch.next->claim->pool, "cloud--dev--kubernetes01--aaaaa");
      EXPECT_EQ(network_of(*patch.next->claim), "");
      EXPECT_EQ(patch.next->claim->cloud_provider, "{\"aws\": {}}");
      EXPECT_EQ(patch.next->warnings.empty(), name.empty());
      EXPECT_EQ(patch.restored_message.has_value(), !accepted) << "no user changed it";
      // The move may take EdgeLB a while; the name stays the same meanwhile, and afterwards.
      object.pool_annotation = *patch.pool_annotation;
      for (const auto& later :
           {planning{.accepted = accepted, .held = {"redis"}},
            planning{.accepted = accepted, .claimed = *patch.pool_annotation},
            planning{.accepted = "{name: " + *patch.pool_annotation + ", " + cloud + "}"},
            planning{.held = {"redis", *patch.pool_annotation}}})
        EXPECT_EQ(expect_step<claim_pool_part>(plan(object, later)).claim->pool,
                  patch.pool_annotation);
    }
  }
}

/// A cluster whose own name begins so has ordinary pools that look like one of a cloud provider.
TEST(PlanService, MovesToANewPoolWhereACloudProviderIsAddedToAPoolThatIsCalledLikeOne) {
  auto object = annotated("cloudProviderConfiguration: '{}'");
  object.pool_annotation = "cloudy--abcde";
  const auto patch = expect_step<patch_service>(plan(
    object,
    {.accepted = "name: cloudy--abcde", .claimed = "cloudy--abcde", .held = {"cloudy--abcde"}}));
  EXPECT_EQ(patch.pool_annotation, "cloud--dev--kubernetes01--aaaaa");
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

// -- addresses and other protocols

service_traffic asking_for(const char* address) {
  service_traffic traffic;
  traffic.load_balancer_ip = address;
  return traffic;
}

struct address_case {
  const char* name;
  const char* annotation;
  const char* spec;
  ip_families families;
  const char* bound;   ///< empty: every address
  const char* refused; ///< part of the message; empty: accepted
};

TEST(PlanService, TheAddressIsThatOfTheAnnotationOrOfTheSpec) {
  using enum ip_families;
  const address_case cases[]{
    {"none", "name: a", "", ipv4, "", ""},
    {"annotation", "{name: a, address: 192.0.2.10}", "", ipv4, "192.0.2.10", ""},
    {"spec", "name: a", "192.0.2.10", ipv4, "192.0.2.10", ""},
    {"both the same", "{name: a, address: '2001:DB8:0::1'}", "2001:db8::1", ipv6, "2001:db8::1",
     ""},
    {"both different", "{name: a, address: 192.0.2.10}", "192.0.2.11", ipv4, "",
     "spec.loadBalancerIP asks for the address 192.0.2.11, and \"address\" in the annotation for "
     "192.0.2.10"},
    {"no address", "name: a", "web.example.com", ipv4, "",
     "spec.loadBalancerIP \"web.example.com\" is not the IPv4 or IPv6 address of a machine"},
    {"of no machine", "name: a", "0.0.0.0", ipv4, "", "is not the IPv4 or IPv6 address"},
    {"wrong family", "{name: a, address: 192.0.2.10}", "", ipv6, "",
     "192.0.2.10 is not of the Service's ipFamilies"},
    {"the other wrong family", "name: a", "2001:db8::1", ipv4, "",
     "2001:db8::1 is not of the Service's ipFamilies"},
    {"one of both families", "name: a", "2001:db8::1", ipv4_ipv6, "2001:db8::1", ""},
    {"family not known", "name: a", "2001:db8::1", unknown, "2001:db8::1", ""},
  };
  for (const auto& row : cases) {
    SCOPED_TRACE(row.name);
    auto object = annotated(row.annotation);
    object.families = row.families;
    object.traffic = asking_for(row.spec);
    const auto step = plan(object);
    if (*row.refused != '\0') {
      EXPECT_NE(expect_step<refuse_service>(step).message.find(row.refused), std::string::npos)
        << expect_step<refuse_service>(step).message;
      continue;
    }
    const auto part = expect_step<claim_pool_part>(step);
    ASSERT_TRUE(part.claim);
    EXPECT_EQ(part.claim->bind_address, row.bound);
    EXPECT_EQ(part.claim->families, row.families);
  }
}

TEST(PlanService, TheAddressAndWhatIsPublishedMayChange) {
  const auto part = expect_step<claim_pool_part>(
    plan(annotated("{name: a, address: 192.0.2.11, publish: private}"),
         {.accepted = "{name: a, address: 192.0.2.10, publish: public}"}));
  ASSERT_TRUE(part.claim);
  EXPECT_FALSE(part.refused_change);
  EXPECT_EQ(part.claim->bind_address, "192.0.2.11");
  EXPECT_EQ(part.claim->publish, publish_kind::private_only);
}

TEST(PlanService, ACloudProviderPoolIgnoresTheAddressWithAWarning) {
  auto object = annotated("name: cloud-a\naddress: 192.0.2.10\ncloudProviderConfiguration: '{}'");
  object.traffic = asking_for("192.0.2.11");
  const auto part = expect_step<claim_pool_part>(plan(object));
  ASSERT_TRUE(part.claim);
  EXPECT_EQ(part.claim->bind_address, "");
  EXPECT_EQ(part.warnings.size(), 2U);
}

TEST(PlanService, OtherProtocolsBesideTcpAreRefusedOrSkipped) {
  auto object = annotated("{name: a, frontends: [{servicePort: 53, port: 1053}]}");
  object.ports.push_back({"dns", "UDP", 53, 32053});
  object.ports.push_back({"dns-tcp", "TCP", 53, 32054});
  EXPECT_NE(expect_step<refuse_service>(plan(object)).message.find("(53/UDP) cannot be exposed"),
            std::string::npos);
  auto skipping = settings;
  skipping.others = other_protocols::skip;
  const auto part = expect_step<claim_pool_part>(plan(object, {.with = skipping}));
  ASSERT_TRUE(part.claim);
  EXPECT_EQ(part.claim->ports, (std::vector<claimed_port>{{6379, 32213, 6379}, {53, 32054, 1053}}));
  EXPECT_EQ(part.remarks, (std::vector<std::string>{
                            "port \"dns\" (53/UDP) is not served: only TCP is supported"}));
  EXPECT_TRUE(part.warnings.empty());
  for (auto& port : object.ports)
    port.protocol = "SCTP";
  EXPECT_NE(
    expect_step<refuse_service>(plan(object, {.with = skipping})).message.find("cannot be exposed"),
    std::string::npos)
    << "nothing would be left";
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
