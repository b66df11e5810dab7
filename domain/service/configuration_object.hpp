#pragma once

#include "domain/base/error.hpp"
#include "domain/service/traffic_wishes.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dklb::domain {

/// `strategies.creation`: when dklb may create the pool.
enum class creation_strategy { if_not_present, once, never };

const char* to_string(creation_strategy strategy);

/// `publish`: which addresses of the pool go into the Service's status.
enum class publish_kind : std::uint8_t { all, public_only, private_only };

/// `all`, `public` or `private`.
const char* to_string(publish_kind kind);

/// One entry of `frontends`. `port` absent means the service port.
struct frontend_mapping {
  std::optional<int> port;
  int service_port = 0;

  friend bool operator==(const frontend_mapping&, const frontend_mapping&) = default;
};

/// What a user asks of a pool. Absent keys stay absent, because an absent key takes the default for
/// a new pool and the present value for an existing one.
struct pool_wishes {
  std::optional<std::string> role;
  std::optional<std::string> network;
  std::optional<double> cpus;
  std::optional<std::int64_t> memory; ///< MB
  std::optional<int> size;
  std::optional<std::string> constraints;
  std::vector<frontend_mapping> frontends;
  std::optional<creation_strategy> creation; ///< absent: if_not_present
  /// Of this Service's own frontends and backends; few annotations have any.
  traffic_wishes traffic;
  std::optional<publish_kind> publish; ///< absent: `services.publish` of the configuration
  std::string address;                 ///< in its usual form

  friend bool operator==(const pool_wishes&, const pool_wishes&) = default;
};

/// The annotation `kubernetes.dcos.io/dklb-config` as the user wrote it.
struct configuration_object : pool_wishes {
  std::optional<std::string> name;
  std::optional<std::string> cloud_provider_configuration;

  friend bool operator==(const configuration_object&, const configuration_object&) = default;
};

/// A parsed annotation, with what the user should know although it was accepted.
struct parsed_configuration_object {
  configuration_object object;
  std::vector<std::string> warnings;
};

/// Parses and validates one annotation strictly: an unknown key, a wrong type, a duplicate key or
/// text behind the document is an `invalid` error that names the key and the line. Every rule that
/// can be judged from the object alone is checked here.
/// Source: docs/guide.md, "The configuration object".
result<parsed_configuration_object> parse_configuration_object(std::string_view yaml);

/// Every rule that the object breaks by itself, in the words users know: the pool's name, requests,
/// role and network together, ports given twice, the cloud-provider configuration.
std::vector<std::string> broken_rules(const configuration_object& object);

/// True where the object asks for a cloud-provider pool.
bool has_cloud_provider(const configuration_object& object);

/// Writes the object as YAML in the guide's key order; parsing it gives the same object.
std::string render_configuration_object(const configuration_object& object);

/// What an update of the annotation may not do: change name, role or network, or remove the
/// cloud-provider configuration. Both objects are taken after defaulting.
/// Returns nothing where the change is allowed, else the error text.
std::optional<std::string> forbidden_change(const configuration_object& before,
                                            const configuration_object& after);

} // namespace dklb::domain
