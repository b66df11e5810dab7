#include "domain/service/configuration_object.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

using namespace dklb::domain;

namespace {

const std::string parse_prefix =
  "failed to parse the value of \"kubernetes.dcos.io/dklb-config\" as a configuration object: ";

TEST(ConfigurationObject, ReadsEveryKey) {
  const auto parsed = parse_configuration_object(R"(name: "dklb-pool-0"
role: "*"
network: "dcos"
size: 3
cpus: 0.2
memory: 512
constraints: "[[\"hostname\",\"MAX_PER\",\"1\"],[\"@zone\",\"GROUP_BY\",\"3\"]]"
frontends:
- port: 18080
  servicePort: 8080
- port:
  servicePort: 9090
strategies:
  creation: Once
publish: private
address: "2001:DB8::0:1"
)");
  ASSERT_TRUE(parsed) << parsed.failure().message;
  const auto& object = parsed->object;
  EXPECT_EQ(object.name, "dklb-pool-0");
  EXPECT_EQ(object.role, "*");
  EXPECT_EQ(object.network, "dcos");
  EXPECT_EQ(object.size, 3);
  EXPECT_EQ(object.cpus, 0.2);
  EXPECT_EQ(object.memory, 512);
  EXPECT_EQ(object.constraints, R"([["hostname","MAX_PER","1"],["@zone","GROUP_BY","3"]])");
  const std::vector<frontend_mapping> frontends{{18080, 8080}, {std::nullopt, 9090}};
  EXPECT_EQ(object.frontends, frontends);
  EXPECT_EQ(object.creation, creation_strategy::once);
  EXPECT_EQ(object.publish, publish_kind::private_only);
  EXPECT_EQ(object.address, "2001:db8::1");
  EXPECT_FALSE(object.cloud_provider_configuration);
  EXPECT_TRUE(parsed->warnings.empty());
}

TEST(ConfigurationObject, JsonValuesMayBeLaidOutInLines) {
  const auto parsed =
    parse_configuration_object("name: cloud-a\n"
                               "constraints: |\n  [[\"hostname\",\n  \t\"UNIQUE\"]]\n"
                               "cloudProviderConfiguration: |\n  {\n  \t\"aws\": {}\n  }\n");
  ASSERT_TRUE(parsed) << parsed.failure().message;
  EXPECT_EQ(parsed->object.cloud_provider_configuration, "{\n\t\"aws\": {}\n}\n");
}

TEST(ConfigurationObject, AKeyInBracesMayHaveNothingBehindItsColon) {
  const auto parsed = parse_configuration_object("{name: x, size:}");
  ASSERT_TRUE(parsed) << parsed.failure().message;
  EXPECT_EQ(parsed->object.name, "x");
  EXPECT_FALSE(parsed->object.size);
}

TEST(ConfigurationObject, LeavesAbsentAndNullKeysAbsent) {
  for (const auto* text : {"", "# nothing\n", "{}",
                           "name:\nrole: ~\nfrontends:\nstrategies:\n  creation:\nsize: null\n",
                           "{name:, size:, strategies: {creation:}}"}) {
    const auto parsed = parse_configuration_object(text);
    ASSERT_TRUE(parsed) << parsed.failure().message;
    EXPECT_EQ(parsed->object, configuration_object{}) << text;
  }
}

struct failure_case {
  const char* name;
  std::string yaml;
  std::string message;
};

void PrintTo(const failure_case& row, std::ostream* stream) {
  *stream << row.name;
}

class ConfigurationObjectFailure : public testing::TestWithParam<failure_case> {};

TEST_P(ConfigurationObjectFailure, IsReportedInKnownWords) {
  const auto parsed = parse_configuration_object(GetParam().yaml);
  ASSERT_FALSE(parsed);
  EXPECT_EQ(parsed.failure().code, error_code::invalid);
  EXPECT_EQ(parsed.failure().message, GetParam().message);
}

const char* known_keys = "unknown key; the keys here are name, role, network, cpus, memory, size, "
                         "constraints, frontends, strategies, publish, address, proxyProtocol, "
                         "balance, healthCheck, "
                         "timeouts, maxConnections, drain, cloudProviderConfiguration";

const std::vector<failure_case> parse_failures{
  {"UnknownKey", "name: a\ncolour: blue\n", parse_prefix + "line 2: colour: " + known_keys},
  {"UnknownNullKey", "colour:\n", parse_prefix + "line 1: colour: " + known_keys},
  {"UnknownFrontendKey", "frontends:\n- servicePort: 80\n  bind: 1\n",
   parse_prefix + "line 3: frontends[0].bind: unknown key; the keys here are port, servicePort"},
  {"UnknownStrategy", "strategies:\n  deletion: Never\n",
   parse_prefix + "line 2: strategies.deletion: unknown key; the keys here are creation"},
  {"DuplicateKey", "name: a\nname: b\n",
   parse_prefix + "line 2: name: given twice, first in line 1"},
  {"TextAfterTheDocument", "name: a\n---\nname: b\n",
   parse_prefix + "line 2: there is text after the end of the document"},
  {"NumberForName", "name: 5\n",
   parse_prefix + "line 1: name: expected a string, found 5; put it in quotes"},
  {"ListForRole", "role: [a]\n", parse_prefix + "line 1: role: expected a string, found a list"},
  {"TextForCpus", "cpus: \"0.1\"\n",
   parse_prefix + "line 1: cpus: expected a number, found the text \"0.1\""},
  {"FractionForMemory", "memory: 1.5\n",
   parse_prefix + "line 1: memory: expected a whole number, found 1.5"},
  {"TextForSize", "size: big\n",
   parse_prefix + "line 1: size: expected a whole number, found the text big"},
  {"HugeMemory", "memory: 99999999999999999999\n",
   parse_prefix + "line 1: memory: 99999999999999999999 is too large"},
  {"MappingForFrontends", "frontends:\n  port: 1\n",
   parse_prefix + "line 1: frontends: expected a list, found a mapping"},
  {"NumberForFrontend", "frontends: [80]\n",
   parse_prefix + "line 1: frontends[0]: expected a mapping, found 80"},
  {"NullForFrontend", "frontends:\n-\n",
   parse_prefix + "line 2: frontends[0]: expected a mapping, found nothing"},
  {"TextForPort", "frontends:\n- port: http\n  servicePort: 80\n",
   parse_prefix + "line 2: frontends[0].port: expected a whole number, found the text http"},
  {"FrontendWithoutServicePort", "frontends:\n- port: 80\n",
   parse_prefix + "line 2: frontends[0].servicePort: is missing"},
  {"TextForStrategies", "strategies: Once\n",
   parse_prefix + "line 1: strategies: expected a mapping, found the text Once"},
  {"MappingForCloudProvider", "cloudProviderConfiguration: {\"aws\": {}}\n",
   parse_prefix + "line 1: cloudProviderConfiguration: expected a string, found a mapping"},
  {"UnknownPublish", "name: a\npublish: both\n",
   parse_prefix + "line 2: publish: \"both\" is not one of: public, private, all"},
  {"ListForPublish", "publish: [public]\n",
   parse_prefix + "line 1: publish: expected a string, found a list"},
  {"HostNameForAddress", "name: a\naddress: web.example.com\n",
   parse_prefix
     + "line 2: address: \"web.example.com\" is not the IPv4 or IPv6 address of a machine, such as "
       "192.0.2.10; leave the key out to bind every address"},
  {"EveryAddress", "address: 0.0.0.0\n",
   parse_prefix
     + "line 1: address: \"0.0.0.0\" is not the IPv4 or IPv6 address of a machine, such as "
       "192.0.2.10; leave the key out to bind every address"},
  {"BothSpellingsOfConstraints", "constraints: a\ncontraints: a\n",
   parse_prefix + "line 2: contraints: is the same key as \"constraints\" in line 1"},
  {"Anchor", "name: &a x\n", parse_prefix + "line 1: name: anchors (&name) are not supported"},
  {"NoMapping", "dklb-redis\n", parse_prefix + "line 1: expected a mapping of keys to values"},
  {"LineBreakInRole", "name: a\nrole: \"x\\n2026-01-01T00:00:00.000Z error FORGED\"\n",
   parse_prefix + "line 2: role: holds the control character \\n: leave it out"},
  {"EscapeInNetwork", "role: \"*\"\nnetwork: \"\\e[31m\"\n",
   parse_prefix + "line 2: network: holds the control character \\x1b: leave it out"},
  {"WideControlInConstraints", "constraints: \"[\\n\\u009b]\"\n",
   parse_prefix + "line 1: constraints: holds the control character \\u009b: leave it out"},
  {"ZeroInCloudProvider", "cloudProviderConfiguration: \"{\\0}\"\n",
   parse_prefix
     + "line 1: cloudProviderConfiguration: holds the control character \\x00: leave it "
       "out"},
  {"DirectionInStrategy", "strategies: {creation: \"Once\\u202e\"}\n",
   parse_prefix + "line 1: strategies.creation: holds the control character \\u202e: leave it out"},
  {"SeveralAtOnce", "size: x\nname: 5\n",
   parse_prefix
     + "line 1: size: expected a whole number, found the text x; line 2: name: expected a string, "
       "found 5; put it in quotes"},
};

const std::vector<failure_case> rule_failures{
  {"EmptyName", "name: \"\"\n", "\"\" is not a valid edgelb pool name"},
  {"CapitalInName", "name: Redis\n", "\"Redis\" is not a valid edgelb pool name"},
  {"DashAtTheEndOfName", "name: redis-\n", "\"redis-\" is not a valid edgelb pool name"},
  {"LongName", "name: " + std::string(64, 'a') + "\n",
   "\"" + std::string(64, 'a') + "\" is not a valid edgelb pool name"},
  {"EmptyRole", "role: \"\"\n", "\"\" is not a valid role"},
  {"NegativeCpus", "cpus: -0.1\n", "-0.100000 is not a valid cpu request"},
  {"NegativeMemory", "memory: -1\n", "-1 is not a valid memory request"},
  {"MemoryBeyond32Bits", "memory: 2147483648\n", "2147483648 is not a valid memory request"},
  {"SizeZero", "size: 0\n", "0 is not a valid size request"},
  {"NegativeSize", "size: -3\n", "-3 is not a valid size request"},
  {"SizeBeyond32Bits", "size: 2147483648\n", "2147483648 is not a valid size request"},
  {"UnknownCreation", "strategies: {creation: Always}\n",
   "failed to parse \"Always\" as an edgelb pool creation strategy"},
  {"CreationInLowerCase", "strategies: {creation: once}\n",
   "failed to parse \"once\" as an edgelb pool creation strategy"},
  {"PortZero", "frontends: [{port: 0, servicePort: 80}]\n", "0 is not a valid port number"},
  {"PortTooHigh", "frontends: [{port: 65536, servicePort: 80}]\n",
   "65536 is not a valid port number"},
  {"ServicePortTooHigh", "frontends: [{servicePort: 70000}]\n", "70000 is not a valid port number"},
  {"NegativeServicePort", "frontends: [{servicePort: -1}]\n", "-1 is not a valid port number"},
  {"ServicePortTwice", "frontends: [{port: 1, servicePort: 80}, {port: 2, servicePort: 80}]\n",
   "service port 80 has been specified twice"},
  {"FrontendPortTwice", "frontends: [{port: 1, servicePort: 80}, {port: 1, servicePort: 81}]\n",
   "frontend port 1 has been specified twice"},
  {"DefaultFrontendPortTwice", "frontends: [{servicePort: 80}, {port: 80, servicePort: 81}]\n",
   "frontend port 80 has been specified twice"},
  {"PublicRoleInVirtualNetwork", "role: slave_public\nnetwork: dcos\n",
   "cannot join a virtual network when the pool's role is \"slave_public\""},
  {"DefaultRoleInVirtualNetwork", "network: dcos\n",
   "cannot join a virtual network when the pool's role is \"slave_public\""},
  {"PrivateRoleInHostNetwork", "role: \"*\"\nnetwork: \"\"\n",
   "cannot join the host network when the pool's role is \"*\""},
  {"CloudProviderNotAnObject", "cloudProviderConfiguration: \"[]\"\n",
   "the cloud-provider configuration is not valid: it must be a JSON object"},
  {"SeveralRulesAtOnce", "name: A\nmemory: -1\n",
   "\"A\" is not a valid edgelb pool name; -1 is not a valid memory request"},
};

std::string case_name(const testing::TestParamInfo<failure_case>& info) {
  return info.param.name;
}

INSTANTIATE_TEST_SUITE_P(Parse, ConfigurationObjectFailure, testing::ValuesIn(parse_failures),
                         case_name);
INSTANTIATE_TEST_SUITE_P(Rule, ConfigurationObjectFailure, testing::ValuesIn(rule_failures),
                         case_name);

TEST(ConfigurationObject, SaysWhereTheCloudProviderJsonBreaks) {
  const auto parsed = parse_configuration_object("cloudProviderConfiguration: \"{,}\"\n");
  ASSERT_FALSE(parsed);
  EXPECT_TRUE(parsed.failure().message.starts_with(
    "the cloud-provider configuration is not valid: parse error at line 1, column 2"))
    << parsed.failure().message;
}

TEST(ConfigurationObject, NamesAtMostTenMistakes) {
  std::string yaml;
  for (int key = 0; key < 15; ++key)
    yaml += "x" + std::to_string(key) + ":\n";
  const auto parsed = parse_configuration_object(yaml);
  ASSERT_FALSE(parsed);
  EXPECT_NE(parsed.failure().message.find("line 10: x9"), std::string::npos);
  EXPECT_EQ(parsed.failure().message.find("line 11: x10"), std::string::npos);
  EXPECT_TRUE(parsed.failure().message.ends_with("; and 5 more"));
}

TEST(ConfigurationObject, ReadsTheGuidesSpellingOfConstraintsWithAWarning) {
  const auto parsed = parse_configuration_object("contraints: \"hostname:UNIQUE\"\n");
  ASSERT_TRUE(parsed) << parsed.failure().message;
  EXPECT_EQ(parsed->object.constraints, "hostname:UNIQUE");
  ASSERT_EQ(parsed->warnings.size(), 1U);
  EXPECT_EQ(parsed->warnings[0], "\"contraints\" is read as \"constraints\"; please correct it");
}

TEST(ConfigurationObject, IgnoresNetworkAndFrontendsBesideACloudProvider) {
  const auto parsed = parse_configuration_object(R"(cloudProviderConfiguration: |
  {"aws": {"elbs": []}}
network: dcos
frontends: [{port: 1, servicePort: 80}, {port: 1, servicePort: 81}]
)");
  EXPECT_TRUE(parsed) << parsed.failure().message;
}

TEST(ConfigurationObject, TakesAnEmptyCloudProviderForNone) {
  const auto parsed = parse_configuration_object("cloudProviderConfiguration: \"\"\n");
  ASSERT_TRUE(parsed) << parsed.failure().message;
  EXPECT_FALSE(has_cloud_provider(parsed->object));
}

TEST(ConfigurationObject, IsRenderedInTheGuidesOrder) {
  configuration_object object;
  object.name = "dklb-pool-0";
  object.role = "*";
  object.network = "dcos";
  object.size = 3;
  object.cpus = 0.2;
  object.memory = 512;
  object.constraints = "[[\"hostname\",\"UNIQUE\"]]";
  object.frontends = {{18080, 8080}, {std::nullopt, 9090}};
  object.creation = creation_strategy::if_not_present;
  object.cloud_provider_configuration = "{}";
  EXPECT_EQ(render_configuration_object(object), R"(name: dklb-pool-0
role: "*"
network: dcos
size: 3
cpus: 0.2
memory: 512
constraints: "[[\"hostname\",\"UNIQUE\"]]"
frontends:
- port: 18080
  servicePort: 8080
- servicePort: 9090
strategies:
  creation: IfNotPresent
cloudProviderConfiguration: "{}"
)");
}

struct change_case {
  const char* name;
  const char* before;
  const char* after;
  const char* refusal; ///< empty: allowed
};

TEST(ForbiddenChange, HoldsNameRoleNetworkAndCloudProvider) {
  const change_case cases[]{
    {"nothing", "name: a", "name: a", ""},
    {"name", "name: a", "name: b", "the name of the target edgelb pool cannot be changed"},
    {"name removed", "name: a", "{}", "the name of the target edgelb pool cannot be changed"},
    {"role", "{name: a, role: x, network: n}", "{name: a, role: y, network: n}",
     "the role of the target edgelb pool cannot be changed"},
    {"network", "{name: a, role: x, network: n}", "{name: a, role: x, network: m}",
     "the virtual network of the target edgelb pool cannot be changed"},
    {"sizes and ports", "{name: a, size: 1, cpus: 0.1, memory: 1}",
     "{name: a, size: 2, cpus: 0.2, memory: 2, constraints: c, frontends: [{servicePort: 1}], "
     "strategies: {creation: Once}}",
     ""},
    {"cloud provider added", "name: a", "{name: cloud-a, cloudProviderConfiguration: '{}'}", ""},
    {"cloud provider changed", "{name: cloud-a, cloudProviderConfiguration: '{}'}",
     "{name: cloud-a, cloudProviderConfiguration: '{\"aws\":{}}'}", ""},
    {"cloud provider removed", "{name: cloud-a, cloudProviderConfiguration: '{}'}", "name: cloud-a",
     "the cloud-provider configuration cannot be removed"},
    {"cloud provider emptied", "{name: cloud-a, cloudProviderConfiguration: '{}'}",
     "{name: cloud-a, cloudProviderConfiguration: ''}",
     "the cloud-provider configuration cannot be removed"},
    {"name of a cloud pool", "{name: cloud-a, cloudProviderConfiguration: '{}'}",
     "{name: cloud-b, cloudProviderConfiguration: '{}'}",
     "the name of the target edgelb pool cannot be changed"},
  };
  for (const auto& row : cases) {
    const auto before = parse_configuration_object(row.before);
    const auto after = parse_configuration_object(row.after);
    ASSERT_TRUE(before && after) << row.name;
    EXPECT_EQ(forbidden_change(before->object, after->object).value_or(""), row.refusal)
      << row.name;
  }
}

} // namespace
