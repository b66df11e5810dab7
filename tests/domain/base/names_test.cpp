#include "domain/base/names.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cstdint>
#include <string>

using namespace dklb::domain;

namespace {

const service_key redis{"default", "redis"};

TEST(ObjectName, HasTheClusterWithDotsForSlashes) {
  EXPECT_EQ(object_name("dev/kubernetes01", redis, 6379), "dev.kubernetes01:default:redis:6379");
  EXPECT_EQ(object_name("/dev/kubernetes01", redis, 6379), ".dev.kubernetes01:default:redis:6379");
  EXPECT_EQ(object_name("kubernetes", redis, 80), "kubernetes:default:redis:80");
}

struct owner_case {
  const char* cluster;
  const char* object;
  bool ours;
};

TEST(OwnerOf, RecognisesOnlyObjectsOfItsOwnCluster) {
  const owner_case cases[]{
    {"dev/kubernetes01", "dev.kubernetes01:default:redis:6379", true},
    // A cluster whose own name has a dot must find its objects as well.
    {"dev.kubernetes01", "dev.kubernetes01:default:redis:6379", true},
    {"a:b", "a:b:default:redis:6379", true},
    {"dev/kubernetes02", "dev.kubernetes01:default:redis:6379", false},
    {"kubernetes01", "dev.kubernetes01:default:redis:6379", false},
    {"dev/kubernetes01", "dev/kubernetes01:default:redis:6379", false},
    {"c", "c:default:redis", false},
    {"c", "c:default:redis:", false},
    {"c", "c:default:redis:http", false},
    {"c", "c:default:redis:80x", false},
    {"c", "c:default:redis:-80", false},
    {"c", "c:default:redis:080", false},
    {"c", "c:default:redis:0", false},
    {"c", "c:default:redis:65536", false},
    {"c", "c:default:redis:99999999999999999999", false},
    {"c", "c::redis:80", false},
    {"c", "c:default::80", false},
    {"c", "c:x:default:redis:80", false},
    {"c", "hand-made-frontend", false},
    {"c", "", false},
    {"", ":default:redis:80", true},
  };
  for (const auto& row : cases)
    EXPECT_EQ(owner_of(row.cluster, row.object).has_value(), row.ours)
      << row.cluster << " " << row.object;
}

struct pool_name_case {
  std::string name;
  bool valid;
};

TEST(PoolName, FollowsTheRuleOfEdgeLB) {
  const pool_name_case cases[]{
    {"dklb-redis", true},
    {"a", true},
    {"0", true},
    {"a--b", true},
    {std::string(63, 'a'), true},
    {std::string(64, 'a'), false},
    {"", false},
    {"-a", false},
    {"a-", false},
    {"A", false},
    {"a_b", false},
    {"a.b", false},
    {"a/b", false},
    {"a b", false},
    {"a\n", false},
  };
  for (const auto& row : cases)
    EXPECT_EQ(valid_pool_name(row.name), row.valid) << row.name;
}

struct generated_case {
  const char* prefix;
  std::string cluster;
  std::string expected;
};

TEST(GeneratedPoolName, IsMadeOfPrefixClusterAndSuffix) {
  const generated_case cases[]{
    {"", "kubernetes", "kubernetes--ab1cd"},
    {"", "/dev/kubernetes01", "dev--kubernetes01--ab1cd"},
    {"", "dev/kubernetes01", "dev--kubernetes01--ab1cd"},
    {"cloud--", "dev/kubernetes01", "cloud--dev--kubernetes01--ab1cd"},
    {"", "Dev.Kubernetes_01", "dev-kubernetes-01--ab1cd"},
    {"", "//x", "x--ab1cd"},
    {"", "/", "dklb--ab1cd"},
    {"", "", "dklb--ab1cd"},
    // 63 - ("dcos-edgelb/pools" and a slash) - 7 leaves 38 characters, 31 behind "cloud--".
    {"", std::string(60, 'a'), std::string(38, 'a') + "--ab1cd"},
    {"cloud--", std::string(60, 'a'), "cloud--" + std::string(31, 'a') + "--ab1cd"},
  };
  for (const auto& row : cases)
    EXPECT_EQ(generated_pool_name(row.prefix, row.cluster, "ab1cd"), row.expected);
}

TEST(OwnersNamedIn, FindsTheObjectsOfThisClusterInAnyText) {
  const service_key a{"default", "a"};
  const service_key b{"web-1", "b.c"};
  const struct {
    const char* text;
    std::set<service_key> expected;
  } cases[]{
    {"", {}},
    {"no such thing: 80", {}},
    {"dev.kubernetes01:default:a:80", {a}},
    {"frontend \"dev.kubernetes01:default:a:80\" and dev.kubernetes01:web-1:b.c:8080.", {a, b}},
    {"Proxy 'dev.kubernetes01:default:a:80': cannot bind", {a}},
    {"dev.kubernetes01:default:a:80: cannot bind", {a}},
    {"frontend dev.kubernetes01:default:a", {}},
    {"other.dev.kubernetes01:default:a:80", {}},
    {"dev.kubernetes01:default:a:80x", {}},
    {"dev.kubernetes02:default:a:80", {}},
    {"dev.kubernetes01:dev.kubernetes01:default:a:80", {}},
  };
  for (const auto& row : cases)
    EXPECT_EQ(owners_named_in("dev/kubernetes01", row.text), row.expected) << row.text;
}

TEST(NameSuffix, SpreadsOverItsAlphabet) {
  EXPECT_EQ(name_suffix(0), "aaaaa");
  EXPECT_EQ(name_suffix(35), "9aaaa");
  EXPECT_EQ(name_suffix(36), "abaaa");
}

/// Cluster names as Mesos has them, and worse: dots, slashes, colons, capitals, any byte.
rc::Gen<std::string> cluster_names() {
  return rc::gen::oneOf(
    rc::gen::arbitrary<std::string>(),
    rc::gen::container<std::string>(rc::gen::elementOf(std::string{"abcXYZ019./:-_/.--//"})));
}

/// Names as Kubernetes allows them.
rc::Gen<std::string> labels() {
  return rc::gen::nonEmpty(
    rc::gen::container<std::string>(rc::gen::elementOf(std::string{"abcdefxyz0123456789-"})));
}

RC_GTEST_PROP(NamesProperty, OwnerOfAnObjectNameIsItsService, ()) {
  const auto cluster = *cluster_names();
  const service_key service{*labels(), *labels()};
  const auto port = *rc::gen::inRange(1, 65536);
  const auto owner = owner_of(cluster, object_name(cluster, service, port));
  RC_ASSERT(owner.has_value());
  RC_ASSERT(*owner == (object_owner{service, port}));
}

RC_GTEST_PROP(NamesProperty, GeneratedNamesAreValidAndFitTheServiceName, (std::uint64_t random)) {
  const auto cluster = *cluster_names();
  const auto* prefix = *rc::gen::element("", "cloud--");
  const auto name = generated_pool_name(prefix, cluster, name_suffix(random));
  RC_ASSERT(valid_pool_name(name));
  RC_ASSERT(("dcos-edgelb/pools/" + name).size() <= 63U);
  RC_ASSERT(name.starts_with(prefix));
}

RC_GTEST_PROP(NamesProperty, OwnerOfNeverFailsOnAnyText, (std::string cluster, std::string text)) {
  const auto owner = owner_of(cluster, text);
  if (owner)
    RC_ASSERT(owner_of(cluster, object_name(cluster, owner->service, owner->port)) == owner);
}

} // namespace
