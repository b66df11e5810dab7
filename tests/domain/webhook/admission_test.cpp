#include "domain/webhook/admission.hpp"

#include "domain/base/names.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <utility>
#include <vector>

using namespace dklb::domain;
using testing::HasSubstr;
using testing::IsEmpty;

namespace {

const service_settings settings{.cluster = "dev/kubernetes01", .nodes_are_servers = true};

/// A Service of type LoadBalancer as `kubectl apply` sends it: no nodePort yet.
service redis(const std::optional<std::string>& annotation = {}) {
  service object;
  object.key = {"default", "redis"};
  object.uid = "uid-1";
  object.type = "LoadBalancer";
  object.ports = {{"redis", "TCP", 6379, 0}};
  object.config_annotation = annotation;
  return object;
}

admission_request create(service object) {
  admission_request request;
  request.operation = admission_operation::create;
  request.has_annotations = object.config_annotation.has_value();
  request.object = std::move(object);
  return request;
}

admission_request update(service before, service after) {
  auto request = create(std::move(after));
  request.operation = admission_operation::update;
  request.old_object = std::move(before);
  return request;
}

admission_verdict mutate(const admission_request& request) {
  std::uint64_t next = 0;
  return mutate_service(settings, request, {[&next] { return name_suffix(next++); }, nullptr});
}

admission_verdict validate(const admission_request& request) {
  return validate_service(settings, request);
}

/// The Service after the patch, as the API server would store it.
service after(const admission_request& request, const admission_verdict& verdict) {
  auto out = *request.object;
  if (verdict.patch.is_null())
    return out;
  nlohmann::json object{{"metadata", {{"name", "redis"}}}};
  if (request.has_annotations)
    object["metadata"]["annotations"] = {{"other", "stays"}};
  if (out.config_annotation)
    object["metadata"]["annotations"][config_annotation_name] = *out.config_annotation;
  if (!out.pool_annotation.empty())
    object["metadata"]["annotations"][pool_annotation_name] = out.pool_annotation;
  object = object.patch(verdict.patch);
  const auto annotations = object["metadata"].value("annotations", nlohmann::json{});
  EXPECT_EQ(annotations.contains("other"), request.has_annotations);
  if (annotations.contains(config_annotation_name))
    out.config_annotation = annotations[config_annotation_name].get<std::string>();
  out.pool_annotation = annotations.is_null() ? "" : annotations.value(pool_annotation_name, "");
  out.finalizers = object["metadata"].value("finalizers", out.finalizers);
  return out;
}

// -- what is refused at creation

struct create_case {
  const char* name;
  service object;
  const char* refused; ///< part of the message; empty: accepted
};

service with(const std::function<void(service&)>& change) {
  auto object = redis("name: redis");
  change(object);
  return object;
}

/// A Service with these fields.
service saying(const std::function<void(service_traffic&)>& change,
               const char* annotation = "name: redis") {
  auto object = redis(annotation);
  service_traffic traffic;
  change(traffic);
  object.traffic = traffic;
  return object;
}

const create_case create_cases[]{
  {"no annotation", redis(), ""},
  {"empty annotation", redis(""), ""},
  {"a good one", redis("name: redis\nsize: 2"), ""},
  {"null value", redis("name: redis\nsize: null"), ""},
  {"bad name", redis("name: -redis-"), "\"-redis-\" is not a valid edgelb pool name"},
  {"unknown key", redis("nam: redis"), "line 1: nam: "},
  {"wrong type", redis("size: many"), "line 1: size: "},
  {"duplicate key", redis("size: 1\nsize: 2"), "line 2: size"},
  {"not YAML", redis("{"), "failed to parse the value of \"kubernetes.dcos.io/dklb-config\""},
  {"bad cpus", redis("cpus: -1"), "-1.000000 is not a valid cpu request"},
  {"bad memory", redis("memory: -1"), "-1 is not a valid memory request"},
  {"bad size", redis("size: 0"), "0 is not a valid size request"},
  {"bad strategy", redis("strategies: {creation: Always}"),
   "failed to parse \"Always\" as an edgelb pool creation strategy"},
  {"bad port", redis("frontends: [{servicePort: 0}]"), "0 is not a valid port number"},
  {"service port twice", redis("frontends: [{servicePort: 1}, {servicePort: 1, port: 2}]"),
   "service port 1 has been specified twice"},
  {"frontend port twice",
   redis("frontends: [{servicePort: 1, port: 3}, {servicePort: 2, port: 3}]"),
   "frontend port 3 has been specified twice"},
  {"network of public agents", redis("network: dcos"),
   "cannot join a virtual network when the pool's role is \"slave_public\""},
  {"host network of private agents", redis("{role: '*', network: ''}"),
   "cannot join the host network when the pool's role is \"*\""},
  {"broken cloud configuration", redis("cloudProviderConfiguration: '{'"),
   "the cloud-provider configuration is not valid"},
  {"strategy Never without a name", redis("strategies: {creation: Never}"), "set \"name\""},
  {"two ports on one frontend port", with([](service& object) {
     object.ports.push_back({"more", "TCP", 16379, 0});
     object.config_annotation = "frontends: [{servicePort: 6379, port: 16379}]\nname: redis";
   }),
   "frontend port 16379 has been specified twice"},
  {"the same without a name", with([](service& object) {
     object.ports.push_back({"more", "TCP", 16379, 0});
     object.config_annotation = "frontends: [{servicePort: 6379, port: 16379}]";
   }),
   "frontend port 16379 has been specified twice"},
  {"bad key of the traffic", redis("size: 2\nhealthCheck: {type: http, path: ok}"),
   "line 2: healthCheck.path: must begin with /"},
  {"unreadable range", saying([](service_traffic& traffic) {
     traffic.source_ranges = {"10.0.0.0/8", "192.0.2.7"};
   }),
   "spec.loadBalancerSourceRanges: \"192.0.2.7\" is no range: write \"192.0.2.7/32\" for this one"},
  {"unreadable range of the annotation", saying([](service_traffic& traffic) {
     traffic.source_ranges = {"office\n"};
     traffic.ranges_from_annotation = true;
   }),
   "the annotation \"service.beta.kubernetes.io/load-balancer-source-ranges\": \"office\\n\" is no "
   "range: write an address and the length of its prefix"},
  {"balance against affinity",
   saying([](service_traffic& traffic) { traffic.client_affinity = true; },
          "name: redis\nbalance: random"),
   "line 2: balance: \"random\" contradicts spec.sessionAffinity ClientIP"},
  {"balance with affinity",
   saying([](service_traffic& traffic) { traffic.client_affinity = true; },
          "name: redis\nbalance: source"),
   ""},
  {"check against the nodes' own",
   saying([](service_traffic& traffic) { traffic.local_nodes_only = true; },
          "name: redis\nhealthCheck:\n  rise: 1\n  type: tcp"),
   "line 4: healthCheck.type: contradicts spec.externalTrafficPolicy Local"},
  {"pace of the nodes' own check",
   saying([](service_traffic& traffic) { traffic.local_nodes_only = true; },
          "name: redis\nhealthCheck: {rise: 1, fall: 2, interval: 5s}"),
   ""},
  {"UDP port", with([](service& object) { object.ports[0].protocol = "UDP"; }),
   "port \"redis\" (6379/UDP) cannot be exposed: only TCP is supported"},
  {"SCTP port", with([](service& object) { object.ports[0].protocol = "SCTP"; }),
   "only TCP is supported"},
  {"no port", with([](service& object) { object.ports.clear(); }), "the Service has no port"},
  {"paused and wrong", with([](service& object) {
     object.paused = true;
     object.config_annotation = "size: 0";
   }),
   "0 is not a valid size request"},
  {"paused and right", with([](service& object) { object.paused = true; }), ""},
  {"wrong, but a ClusterIP", with([](service& object) {
     object.type = "ClusterIP";
     object.config_annotation = "size: 0";
   }),
   ""},
  {"wrong, but another's class", with([](service& object) {
     object.load_balancer_class = "example.com/lb";
     object.config_annotation = "size: 0";
   }),
   ""},
  {"wrong and of our class", with([](service& object) {
     object.load_balancer_class = "kubernetes.dcos.io/edgelb";
     object.config_annotation = "size: 0";
   }),
   "0 is not a valid size request"},
};

TEST(Admission, RefusesAtCreationWhatTheControllerWould) {
  for (const auto& row : create_cases) {
    SCOPED_TRACE(row.name);
    const auto verdict = validate(create(row.object));
    const auto refused = *row.refused != '\0';
    EXPECT_EQ(verdict.allowed, !refused);
    if (refused) {
      EXPECT_EQ(verdict.code, 422);
      EXPECT_EQ(verdict.reason, "Invalid");
      EXPECT_THAT(verdict.message, HasSubstr(row.refused));
    }
    EXPECT_TRUE(verdict.patch.is_null());
  }
}

TEST(Admission, SaysWordForWordWhatTheControllerSays) {
  for (const auto& row : create_cases) {
    SCOPED_TRACE(row.name);
    auto stored = row.object;
    for (auto& port : stored.ports)
      port.node_port = 30000;
    stored.paused = false;
    const auto plan = [&] {
      return plan_service(settings, {&stored, std::nullopt, [] { return "abcde"; }, nullptr});
    };
    auto step = plan();
    if (const auto* patch = std::get_if<patch_service>(&step)) {
      stored.finalizers = {finalizer_name};
      stored.config_annotation =
        patch->config_annotation ? patch->config_annotation : stored.config_annotation;
      stored.pool_annotation = patch->pool_annotation.value_or("");
      step = plan();
    }
    const auto* refused = std::get_if<refuse_service>(&step);
    EXPECT_EQ(validate(create(row.object)).message, refused != nullptr ? refused->message : "");
  }
}

TEST(Admission, PortThatWillGetNoNodePortIsRefused) {
  auto request = create(redis("name: redis"));
  request.allocates_node_ports = false;
  EXPECT_THAT(validate(request).message, HasSubstr("has no nodePort"));
  request.object->ports[0].node_port = 30000;
  EXPECT_TRUE(validate(request).allowed);
}

TEST(Admission, UnclassedServicesPassWhereDklbLeavesThemAlone) {
  auto strict = settings;
  strict.claim_unclassed = false;
  EXPECT_TRUE(validate_service(strict, create(redis("size: 0"))).allowed);
}

TEST(Admission, AServiceThatDoesNotNameDklbIsWarnedInsteadOfRefused) {
  auto mixed = redis();
  mixed.ports.push_back({"dns", "UDP", 53, 0});
  auto no_ports = redis();
  no_ports.ports.clear();
  auto bad_address = redis();
  service_traffic asking;
  asking.load_balancer_ip = "nowhere";
  bad_address.traffic = asking;
  for (const auto& object : {mixed, no_ports, bad_address}) {
    for (const auto& request : {create(object), update(redis(), object)}) {
      const auto verdict = validate(request);
      EXPECT_TRUE(verdict.allowed);
      EXPECT_THAT(verdict.warnings,
                  testing::ElementsAre(HasSubstr("dklb does not serve this Service: ")));
      EXPECT_TRUE(mutate(request).patch.is_null());
    }
    for (const auto& name :
         {std::function<void(service&)>{
            [](service& named) { named.load_balancer_class = default_load_balancer_class; }},
          std::function<void(service&)>{
            [](service& named) { named.config_annotation = "name: redis"; }},
          std::function<void(service&)>{[](service& named) { named.pool_annotation = "redis"; }},
          std::function<void(service&)>{[](service& named) { named.paused = true; }}}) {
      auto named = object;
      name(named);
      EXPECT_FALSE(validate(create(named)).allowed);
      EXPECT_FALSE(validate(update(named, object)).allowed) << "it was dklb's";
    }
  }
}

TEST(Admission, WarnsOfAPortThatIsSkipped) {
  auto skipping = settings;
  skipping.others = other_protocols::skip;
  auto mixed = redis("name: redis");
  mixed.ports.push_back({"dns", "UDP", 53, 0});
  const auto verdict = validate_service(skipping, create(mixed));
  EXPECT_TRUE(verdict.allowed);
  EXPECT_THAT(verdict.warnings,
              testing::ElementsAre(HasSubstr("port \"dns\" (53/UDP) is not served")));
  mixed.ports.erase(mixed.ports.begin());
  EXPECT_THAT(validate_service(skipping, create(mixed)).message,
              HasSubstr("cannot be exposed: only TCP is supported"));
}

TEST(Admission, WarnsOfWhatIsAcceptedWithAReservation) {
  const auto verdict = validate(
    create(redis("name: redis\ncontraints: 'a:b:c'\nfrontends: [{servicePort: 80, port: 81}]")));
  EXPECT_TRUE(verdict.allowed);
  EXPECT_THAT(verdict.warnings,
              testing::ElementsAre(HasSubstr("\"contraints\" is read as \"constraints\""),
                                   HasSubstr("for service port 80 is ignored")));
}

TEST(Admission, WarnsOfRangesThatLetNobodyIn) {
  const auto verdict = validate(
    create(saying([](service_traffic& traffic) { traffic.source_ranges = {"fd00::/8"}; })));
  EXPECT_TRUE(verdict.allowed);
  ASSERT_EQ(verdict.warnings.size(), 1U);
  EXPECT_THAT(verdict.warnings[0],
              HasSubstr("spec.loadBalancerSourceRanges has no range of a family in"));
}

TEST(Admission, JudgesAChangeOfTheFieldsAlone) {
  const auto before = redis("name: redis");
  auto wrong = saying([](service_traffic& traffic) { traffic.source_ranges = {"all"}; });
  EXPECT_FALSE(validate(update(before, wrong)).allowed);
  // What was stored while the webhook was away can still be labelled.
  EXPECT_TRUE(validate(update(wrong, wrong)).allowed);
}

TEST(Admission, OtherOperationsAndMissingObjectsPass) {
  auto other = create(redis("size: 0"));
  other.operation = admission_operation::other;
  auto missing = create(redis());
  missing.object.reset();
  for (const auto& request : {other, missing}) {
    EXPECT_TRUE(validate(request).allowed);
    EXPECT_TRUE(mutate(request).allowed);
    EXPECT_TRUE(mutate(request).patch.is_null());
  }
}

// -- what is refused at a change

struct update_case {
  const char* name;
  service before;
  service after;
  const char* refused; ///< part of the message; empty: accepted
};

service deleting(service object) {
  object.deleting = true;
  return object;
}

service typed(service object, const char* type) {
  object.type = type;
  return object;
}

service in_pool(service object, const char* pool) {
  object.pool_annotation = pool;
  return object;
}

service told(service object, const char* status, const char* reason, const char* message) {
  object.own_condition =
    condition{.status = status, .reason = reason, .message = message, .last_transition_time = {}};
  return object;
}

const char* const cloud = "name: cloud--redis\ncloudProviderConfiguration: '{\"aws\": {}}'";

const update_case update_cases[]{
  {"size", redis("name: a"), redis("name: a\nsize: 2"), ""},
  {"wrong size", redis("name: a"), redis("name: a\nsize: 0"), "0 is not a valid size request"},
  {"name", redis("name: a"), redis("name: b"),
   "the name of the target edgelb pool cannot be changed"},
  {"role", redis("{name: a, role: slave_public}"), redis("{name: a, role: '*'}"),
   "the role of the target edgelb pool cannot be changed"},
  {"network", redis("{name: a, role: '*', network: one}"),
   redis("{name: a, role: '*', network: two}"),
   "the virtual network of the target edgelb pool cannot be changed"},
  {"role named that was left out", redis("name: a"), redis("{name: a, role: '*'}"), ""},
  {"annotation removed", redis("name: a"), redis(),
   "the annotation \"kubernetes.dcos.io/dklb-config\" cannot be removed"},
  {"annotation emptied", redis("name: a"), redis(""), ""},
  {"annotation emptied that had a role", redis("{name: a, role: '*'}"), redis(""),
   "the role of the target edgelb pool cannot be changed"},
  {"name beside the chosen one", in_pool(redis("size: 2"), "gen"),
   in_pool(redis("{size: 2, name: other}"), "gen"),
   "the name of the target edgelb pool cannot be changed"},
  {"name that is the chosen one", in_pool(redis("size: 2"), "gen"),
   in_pool(redis("{size: 2, name: gen}"), "gen"), ""},
  {"chosen name removed", in_pool(redis("size: 2"), "gen"), redis("size: 2"), ""},
  {"chosen name changed", in_pool(redis("size: 2"), "gen"), in_pool(redis("size: 2"), "other"), ""},
  {"annotation put back beside a wrong pool's name", in_pool(redis(), "wrong"),
   in_pool(redis("name: a"), "a"), ""},
  {"annotation without the name", redis("name: a"), redis("size: 2"), ""},
  {"annotation without the name, other role", redis("{name: a, role: '*'}"), redis("role: other"),
   "the role of the target edgelb pool cannot be changed"},
  {"cloud configuration added", redis("name: a"), redis(cloud), ""},
  {"cloud configuration removed", redis(cloud), redis("name: cloud--redis"),
   "the cloud-provider configuration cannot be removed"},
  {"cloud configuration emptied", redis(cloud),
   redis("name: cloud--redis\ncloudProviderConfiguration: ''"),
   "the cloud-provider configuration cannot be removed"},
  {"annotation broken before", redis("size: many"), redis("name: a"), ""},
  {"no annotation before", redis(), redis("name: a"), ""},
  {"not defaulted yet", redis("size: 2"), redis("name: a"), ""},
  {"becomes a ClusterIP", redis("name: a"), typed(redis(), "ClusterIP"), ""},
  {"was a ClusterIP", typed(redis("name: a"), "ClusterIP"), redis("name: b"), ""},
  {"was a ClusterIP and is wrong", typed(redis("size: 0"), "ClusterIP"), redis("size: 0"),
   "0 is not a valid size request"},
  {"is being deleted", redis("name: a"), deleting(redis("size: 0")), ""},
  {"nothing changes, wrong as before", redis("size: 0"), redis("size: 0"), ""},
  {"wrong in another way", redis("size: 0"), redis("cpus: -1"), "is not a valid cpu request"},
  {"name of what was refused",
   told(redis("name: a"), "False", "PortConflict", "port 6379 is taken"), redis("name: b"), ""},
  {"removal of what was refused", told(redis("name: a"), "False", "TranslationError", "wrong"),
   redis(), ""},
  {"name put back after a change that was refused",
   told(redis("name: b"), "True", "EnsuredLoadBalancer",
        "EdgeLB pool \"a\" serves this Service at 10.0.0.1"),
   redis("name: a"), ""},
  {"name of what is served",
   told(redis("name: a"), "True", "EnsuredLoadBalancer",
        "EdgeLB pool \"a\" serves this Service at 10.0.0.1"),
   redis("name: b"), "the name of the target edgelb pool cannot be changed"},
  {"name of what is awaited",
   told(redis("name: a"), "False", "EnsuringLoadBalancer",
        "EdgeLB pool \"a\" is written, its addresses are not known yet"),
   redis("name: b"), "the name of the target edgelb pool cannot be changed"},
};

TEST(Admission, RefusesChangesThatTheControllerWouldRefuse) {
  for (const auto& row : update_cases) {
    SCOPED_TRACE(row.name);
    const auto verdict = validate(update(row.before, row.after));
    EXPECT_EQ(verdict.allowed, *row.refused == '\0') << verdict.message;
    EXPECT_THAT(verdict.message, HasSubstr(row.refused));
    const auto forbidden = verdict.message.find("cannot be") != std::string::npos;
    EXPECT_EQ(verdict.code, verdict.allowed ? 0 : forbidden ? 403 : 422);
  }
}

TEST(Admission, UpdatesOfAWrongServiceThatLeaveItAsItIsPass) {
  auto before = redis("size: 0");
  before.ports[0].node_port = 30000;
  auto after = before;
  after.finalizers = {finalizer_name};
  after.resource_version = "8";
  after.addresses = {{"10.0.0.1", ""}};
  after = told(after, "False", "TranslationError", "wrong");
  EXPECT_TRUE(validate(update(before, after)).allowed);
  EXPECT_TRUE(validate(update(after, before)).allowed);
  EXPECT_TRUE(mutate(update(before, after)).patch.is_null());
}

TEST(Admission, ServicesOfAnotherDklbPass) {
  const service_settings second{.cluster = "dev/kubernetes01",
                                .load_balancer_class = "example.com/internal"};
  auto served = redis("name: redis");
  served.finalizers = {finalizer_name};
  auto wrong = served;
  wrong.config_annotation = "size: 0";
  auto nameless = served;
  nameless.config_annotation.reset();
  auto without_finalizer = wrong; // as `kubectl replace` sends it
  without_finalizer.finalizers.clear();
  auto classed = redis("size: 0");
  classed.load_balancer_class = default_load_balancer_class;
  for (const auto& request :
       {create(wrong), create(classed), update(served, wrong), update(served, nameless),
        update(served, without_finalizer), update(wrong, served)}) {
    EXPECT_TRUE(validate_service(second, request).allowed);
    EXPECT_TRUE(mutate_service(second, request, {[] { return std::string{"aaaaa"}; }, nullptr})
                  .patch.is_null());
  }
  EXPECT_FALSE(validate(update(served, wrong)).allowed) << "by the one that serves it";
}

// -- what is written into the annotation

TEST(AdmissionMutation, WritesTheWholeDefaultObject) {
  const auto request = create(redis());
  const auto verdict = mutate(request);
  EXPECT_TRUE(verdict.allowed);
  const auto stored = after(request, verdict);
  EXPECT_EQ(stored.config_annotation,
            "name: dev--kubernetes01--aaaaa\nrole: slave_public\nnetwork: \"\"\nsize: 1\n"
            "cpus: 0.1\nmemory: 128\nstrategies:\n  creation: IfNotPresent\n");
  EXPECT_EQ(stored.pool_annotation, "");
}

TEST(AdmissionMutation, KeepsOtherAnnotations) {
  auto request = create(redis());
  request.has_annotations = true;
  EXPECT_TRUE(after(request, mutate(request)).config_annotation);
}

TEST(AdmissionMutation, DoesNotTakeANameThatIsTaken) {
  for (const auto& annotation : {std::optional<std::string>{}, {"size: 2"}}) {
    std::uint64_t next = 0;
    const auto verdict =
      mutate_service(settings, create(redis(annotation)),
                     {[&next] { return name_suffix(next++); },
                      [](const std::string& name) { return name.ends_with("--aaaaa"); }});
    EXPECT_THAT(verdict.patch.dump(), HasSubstr("dev--kubernetes01--baaaa"));
  }
}

const char* const generated = "dev--kubernetes01--aaaaa";
const char* const cloud_generated = "cloud--dev--kubernetes01--aaaaa";

struct mutation_case {
  const char* name;
  admission_request request;
  const char* filled; ///< part of what is written into an annotation that held nothing
  const char* pool;   ///< what dklb-pool is afterwards
};

const mutation_case mutation_cases[]{
  {"no annotation", create(redis()), "name: dev--kubernetes01--aaaaa", ""},
  {"empty annotation", create(redis("\n")), "name: dev--kubernetes01--aaaaa", ""},
  {"given name", create(redis("name: a\nsize: 2")), "", ""},
  {"no name", create(redis("size: 2")), "", generated},
  {"a comment and no name", create(redis("# later")), "", generated},
  {"cloud provider", create(redis("cloudProviderConfiguration: '{}'")), "", cloud_generated},
  {"cloud provider under another name", create(redis("name: a\ncloudProviderConfiguration: '{}'")),
   "", cloud_generated},
  {"cloud provider added", update(redis("name: a"), redis("cloudProviderConfiguration: '{}'")), "",
   cloud_generated},
  {"paused", create(with([](service& object) {
     object.paused = true;
     object.config_annotation.reset();
   })),
   "name: dev--kubernetes01--aaaaa", ""},
  {"wrong", create(redis("size: 0")), "", ""},
  {"strategy Never", create(redis("strategies: {creation: Never}")), "", ""},
  {"ClusterIP", create(typed(redis(), "ClusterIP")), "", ""},
  {"deleting", create(deleting(redis())), "", ""},
  {"becomes a LoadBalancer", update(typed(redis(), "ClusterIP"), redis()), "name: dev--", ""},
  {"name lost", update(redis("name: a"), redis("size: 2")), "", "a"},
  {"text emptied", update(redis("name: a"), redis("")), "", "a"},
  {"annotation removed", update(redis("name: a"), redis()), "", ""},
  {"annotation broken before", update(redis("size: many"), redis("size: 2")), "", ""},
  {"annotation refused before",
   update(told(redis("name: a"), "False", "PortConflict", "taken"), redis("size: 2")), "", ""},
  {"pool's name removed", update(in_pool(redis("size: 1"), "gen"), redis("size: 1")), "", "gen"},
  {"pool's name removed with a change", update(in_pool(redis("size: 1"), "gen"), redis("size: 2")),
   "", "gen"},
  {"pool's name spoiled", update(in_pool(redis("size: 1"), "gen"), in_pool(redis("size: 1"), "_")),
   "", "gen"},
  {"pool's name changed, which the controller judges, as it judges its own correction",
   update(in_pool(redis("size: 1"), "gen"), in_pool(redis("size: 1"), "other")), "", "other"},
  {"pool's name copied", create(in_pool(redis("size: 1"), "gen")), "", "gen"},
  {"no pool's name at creation", create(in_pool(redis("size: 1"), "_")), "", generated},
  {"name beside a pool's name", create(in_pool(redis("name: a"), "gen")), "", "a"},
  {"the same name added",
   update(in_pool(redis("size: 1"), "gen"), in_pool(redis("name: gen"), "gen")), "", "gen"},
};

TEST(AdmissionMutation, WritesWhatTheControllerWouldWrite) {
  for (const auto& row : mutation_cases) {
    SCOPED_TRACE(row.name);
    const auto verdict = mutate(row.request);
    EXPECT_TRUE(verdict.allowed);
    const auto stored = after(row.request, verdict);
    EXPECT_EQ(stored.pool_annotation, row.pool);
    if (*row.filled == '\0')
      EXPECT_EQ(stored.config_annotation, row.request.object->config_annotation);
    else
      EXPECT_THAT(stored.config_annotation.value_or(""), HasSubstr(row.filled));
  }
}

TEST(AdmissionMutation, KeepsTheFinalizersOfOthers) {
  auto object = redis("name: a");
  object.finalizers = {"example.com/own"};
  const auto request = create(object);
  const auto stored = after(request, mutate(request));
  EXPECT_THAT(stored.finalizers, testing::ElementsAre("example.com/own", finalizer_name));
  EXPECT_TRUE(mutate(create(stored)).patch.is_null());
}

TEST(AdmissionMutation, PutsNoFinalizerOnWhatDklbDoesNotServe) {
  auto paused = redis("name: a");
  paused.paused = true;
  for (const auto& request :
       {create(paused), create(redis("size: 0")), create(typed(redis(), "ClusterIP")),
        create(deleting(redis("name: a"))), update(redis("name: a"), redis("name: a\nsize: 2"))})
    EXPECT_THAT(after(request, mutate(request)).finalizers, IsEmpty());
}

TEST(AdmissionMutation, LeavesTheControllerNothingToPatchOnANewService) {
  for (const auto& row : mutation_cases) {
    SCOPED_TRACE(row.name);
    const auto verdict = mutate(row.request);
    if (verdict.patch.is_null())
      continue;
    auto stored = after(row.request, verdict);
    stored.ports[0].node_port = 30000;
    stored.paused = false;
    const auto step =
      plan_service(settings, {&stored, std::nullopt, [] { return "other"; }, nullptr});
    if (row.request.operation == admission_operation::create && !row.request.object->paused) {
      EXPECT_TRUE(std::holds_alternative<claim_pool_part>(step));
      continue;
    }
    const auto* patch = std::get_if<patch_service>(&step);
    ASSERT_NE(patch, nullptr);
    EXPECT_TRUE(patch->finalizers);
    EXPECT_FALSE(patch->config_annotation || patch->pool_annotation);
  }
}

} // namespace
