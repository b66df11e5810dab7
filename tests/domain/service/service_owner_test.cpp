#include "domain/service/service_owner.hpp"

#include "domain/config/config_checks.hpp"
#include "domain/service/service_plan.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <regex>
#include <set>
#include <string>
#include <vector>

namespace dklb::domain {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr const char* internal = "example.com/internal";
constexpr const char* internal_finalizer = "kubernetes.dcos.io/dklb.example.com_internal";
constexpr const char* third_finalizer = "kubernetes.dcos.io/dklb.third";

const service_settings usual{.cluster = "dev/kubernetes01"};
const service_settings second{
  .cluster = "dev/kubernetes01", .claim_unclassed = false, .load_balancer_class = internal};
const service_settings greedy{.cluster = "dev/kubernetes01", .load_balancer_class = internal};

service web(std::vector<std::string> finalizers = {},
            std::optional<std::string> load_balancer_class = {}) {
  service object;
  object.key = {"default", "web"};
  object.uid = "uid-1";
  object.type = "LoadBalancer";
  object.ports = {{"web", "TCP", 80, 30080}};
  object.config_annotation = "name: web\n";
  object.finalizers = std::move(finalizers);
  object.load_balancer_class = std::move(load_balancer_class);
  return object;
}

struct finalizer_case {
  std::string load_balancer_class;
  std::string finalizer; ///< empty: not compared
};

TEST(FinalizerOf, IsReadableAndOfOneClassOnly) {
  const finalizer_case cases[]{
    {default_load_balancer_class, "kubernetes.dcos.io/dklb"},
    {internal, internal_finalizer},
    {"internal", "kubernetes.dcos.io/dklb.internal"},
    {"Internal", "kubernetes.dcos.io/dklb.Internal"},
    {"example.com_internal", "kubernetes.dcos.io/dklb.example.com__internal"},
    {"example.com__internal", "kubernetes.dcos.io/dklb.example.com____internal"},
    {"example.com/in_ternal", "kubernetes.dcos.io/dklb.example.com_in_ternal"},
    {"kubernetes.dcos.io_edgelb", "kubernetes.dcos.io/dklb.kubernetes.dcos.io__edgelb"},
    {std::string(57, 'a'), "kubernetes.dcos.io/dklb." + std::string(57, 'a')},
    {std::string(58, 'a'), "kubernetes.dcos.io/dklb." + std::string(47, 'a') + "-f0ab58b857"},
    {std::string(62, 'a') + "b", ""},
    {std::string(62, 'a') + "c", ""},
    {"a-very-long-department.of-some-company.example.com/external", ""},
    {"a-very-long-department.of-some-company.example.com/internal", ""},
  };
  const std::regex qualified{"kubernetes\\.dcos\\.io/[A-Za-z0-9][-A-Za-z0-9_.]{0,61}[A-Za-z0-9]"};
  std::set<std::string> seen;
  for (const auto& row : cases) {
    EXPECT_FALSE(check_class_name(row.load_balancer_class)) << row.load_balancer_class;
    const auto finalizer = finalizer_of(row.load_balancer_class);
    EXPECT_TRUE(std::regex_match(finalizer, qualified)) << finalizer;
    EXPECT_TRUE(seen.insert(finalizer).second) << finalizer;
    if (!row.finalizer.empty()) {
      EXPECT_EQ(finalizer, row.finalizer) << row.load_balancer_class;
    }
  }
}

enum class step { claim, patch, clean_up, ignore };

step step_of(const service_settings& settings, const service& object) {
  service_plan_input input;
  input.object = &object;
  const auto next = plan_service(settings, input);
  if (std::holds_alternative<ignore_service>(next))
    return step::ignore;
  if (std::holds_alternative<clean_up_service>(next))
    return step::clean_up;
  return std::holds_alternative<patch_service>(next) ? step::patch : step::claim;
}

struct server_case {
  const char* name;
  const service_settings& settings;
  service object;
  step next;
};

/// What each of two dklbs does about a Service, by its class and finalizers.
const server_case server_cases[]{
  {"served by the usual one, seen by itself", usual, web({finalizer_name}), step::claim},
  {"served by the usual one, seen by the second", second, web({finalizer_name}), step::ignore},
  {"the same, seen by one that takes unclassed Services", greedy, web({finalizer_name}),
   step::ignore},
  {"served by the second, seen by itself", second, web({internal_finalizer}, internal),
   step::claim},
  {"served by the second, seen by the usual one", usual, web({internal_finalizer}, internal),
   step::ignore},
  {"unclassed and served by the second", usual, web({internal_finalizer}), step::ignore},
  {"unclassed and served by the second, seen by itself", greedy, web({internal_finalizer}),
   step::claim},
  {"unclassed and nobody's, seen by the usual one", usual, web(), step::patch},
  {"unclassed and nobody's, seen by the second", second, web(), step::ignore},
  {"of a class that neither is", second, web({}, "example.com/other"), step::ignore},
  {"of a class whose finalizer is another's", usual,
   web({third_finalizer}, default_load_balancer_class), step::ignore},
  {"of our class, the former server has not released it yet", second,
   web({third_finalizer}, internal), step::ignore},
  {"of our class, an earlier version's finalizer", second, web({finalizer_name}, internal),
   step::patch},
  {"of our class, which it got under the usual one's finalizer", second,
   [] {
     auto object = web({finalizer_name}, internal);
     object.reclassed = true;
     return object;
   }(),
   step::ignore},
  {"of another class with our finalizer", usual, web({finalizer_name}, internal), step::clean_up},
  {"no load balancer any more, by the server", second,
   [] {
     auto object = web({internal_finalizer});
     object.type = "ClusterIP";
     return object;
   }(),
   step::clean_up},
  {"no load balancer any more, by another", usual,
   [] {
     auto object = web({internal_finalizer});
     object.type = "ClusterIP";
     return object;
   }(),
   step::ignore},
  {"deleting, by the server", second,
   [] {
     auto object = web({internal_finalizer}, internal);
     object.deleting = true;
     return object;
   }(),
   step::clean_up},
  {"deleting, by the server's former version", second,
   [] {
     auto object = web({finalizer_name}, internal);
     object.deleting = true;
     return object;
   }(),
   step::clean_up},
  {"deleting, by another", second,
   [] {
     auto object = web({finalizer_name});
     object.deleting = true;
     return object;
   }(),
   step::ignore},
  {"two finalizers by hand, the first is ours", usual, web({finalizer_name, internal_finalizer}),
   step::claim},
  {"two finalizers by hand, the first is another's", usual,
   web({internal_finalizer, finalizer_name}), step::ignore},
  {"two finalizers, ours and its former name", second,
   web({internal_finalizer, finalizer_name}, internal), step::patch},
  {"a finalizer that only begins like ours", usual, web({"kubernetes.dcos.io/dklb-x"}),
   step::patch},
};

TEST(ServiceOwner, OnlyTheServerActsOnAService) {
  for (const auto& row : server_cases) {
    SCOPED_TRACE(row.name);
    EXPECT_EQ(step_of(row.settings, row.object), row.next);
    EXPECT_EQ(needs_cleanup(row.settings, row.object), row.next == step::clean_up);
    EXPECT_EQ(wanted(row.settings, row.object), row.next == step::claim || row.next == step::patch);
  }
}

TEST(ServiceOwner, AServiceIsFollowedUntilEveryDklbHasReleasedIt) {
  auto object = web({internal_finalizer});
  EXPECT_TRUE(followed(object));
  object.type = "ClusterIP";
  EXPECT_TRUE(followed(object));
  object.finalizers = {"example.com/other", "kubernetes.dcos.io/dklbx"};
  EXPECT_FALSE(followed(object));
}

std::string ignored_because(const service_settings& settings, const service& object) {
  service_plan_input input;
  input.object = &object;
  return std::get<ignore_service>(plan_service(settings, input)).message;
}

TEST(ServiceOwner, SaysWhoServesTheServiceAndWhatItWaitsFor) {
  EXPECT_EQ(ignored_because(greedy, web({finalizer_name})),
            "another dklb serves the Service, as its finalizer \"kubernetes.dcos.io/dklb\" says; "
            "this dklb takes it once that finalizer is gone");
  EXPECT_EQ(ignored_because(usual, web({internal_finalizer}, internal)),
            "the Service's loadBalancerClass \"example.com/internal\" belongs to another "
            "controller");
}

struct list_case {
  const char* name;
  std::vector<std::string> before, served, released;
};

TEST(ServiceOwner, ChangesItsOwnFinalizerOnly) {
  const list_case cases[]{
    {"none", {}, {internal_finalizer}, {}},
    {"foreign", {"a", "b"}, {"a", "b", internal_finalizer}, {"a", "b"}},
    {"ours", {"a", internal_finalizer, "b"}, {"a", internal_finalizer, "b"}, {"a", "b"}},
    {"its former name", {"a", finalizer_name, "b"}, {"a", internal_finalizer, "b"}, {"a", "b"}},
    {"both", {finalizer_name, "a", internal_finalizer}, {internal_finalizer, "a"}, {"a"}},
    {"another dklb's behind ours",
     {internal_finalizer, third_finalizer},
     {internal_finalizer, third_finalizer},
     {third_finalizer}},
  };
  for (const auto& row : cases) {
    const auto object = web(row.before, internal);
    EXPECT_EQ(finalizers_of_served(second, object), row.served) << row.name;
    EXPECT_EQ(finalizers_of_released(second, object), row.released) << row.name;
  }
  EXPECT_THAT(finalizers_of_released(greedy, web({finalizer_name})), ElementsAre(finalizer_name))
    << "the usual dklb's on a Service without a class";
}

TEST(ServiceOwner, AnUpgradeWithAClassRenamesTheFinalizerInOnePatchAndClaimsTheSame) {
  const auto object = web({"a", finalizer_name}, internal);
  service_plan_input input;
  input.object = &object;
  const auto next = plan_service(second, input);
  const auto* patch = std::get_if<patch_service>(&next);
  ASSERT_TRUE(patch);
  EXPECT_EQ(patch->finalizers, (std::vector<std::string>{"a", internal_finalizer}));
  EXPECT_FALSE(patch->config_annotation);
  ASSERT_TRUE(patch->next);
  EXPECT_EQ(patch->next->claim->pool, "web");
}

TEST(ServiceOwner, AClassThatIsNewerThanTheFinalizerIsSeen) {
  const auto before = web({finalizer_name});
  const auto now = web({finalizer_name}, internal);
  EXPECT_TRUE(reclassed(&before, now));
  EXPECT_FALSE(reclassed(nullptr, now)) << "as a restarted dklb sees it";
  EXPECT_FALSE(reclassed(&now, now));
  auto known = now;
  known.reclassed = true;
  EXPECT_TRUE(reclassed(&known, now)) << "until the finalizer is gone";
  EXPECT_FALSE(reclassed(&known, web({}, internal)));
  auto successor = now;
  successor.uid = "uid-2";
  EXPECT_FALSE(reclassed(&before, successor));
}

TEST(ServiceOwner, NamesTheServicesOfOtherDklbsInOneLineEach) {
  const auto mine = web({internal_finalizer}, internal);
  const auto unclassed = web({finalizer_name});
  const auto classed = web({finalizer_name}, default_load_balancer_class);
  const auto third = web({third_finalizer}, "third");
  EXPECT_THAT(other_server_notices(second, {&mine}), IsEmpty());
  EXPECT_THAT(
    other_server_notices(greedy, {&mine, &unclassed, &classed, &third}),
    ElementsAre(
      other_server_notice{false, "left alone, because they carry the finalizer "
                                 "kubernetes.dcos.io/dklb of another dklb: default/web"},
      other_server_notice{true, "left alone, because they carry the finalizer "
                                "kubernetes.dcos.io/dklb of another dklb: default/web; they would "
                                "be served here otherwise. If no dklb of that class runs any "
                                "more, hand them over (docs/operations.md, \"Change the class\")"},
      other_server_notice{false, "left alone, because they carry the finalizer "
                                 "kubernetes.dcos.io/dklb.third of another dklb: default/web"}));
  const std::vector<const service*> many(12, &classed);
  EXPECT_THAT(other_server_notices(second, many).at(0).text,
              ::testing::EndsWith("default/web and 2 more"));
}

} // namespace
} // namespace dklb::domain
