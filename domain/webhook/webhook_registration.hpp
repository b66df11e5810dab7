#pragma once

#include "domain/base/error.hpp"

#include <nlohmann/json.hpp>

#include <array>
#include <string>
#include <string_view>

namespace dklb::domain {

/// Where the API server finds the webhook, and what it shall do with it.
struct registration_settings {
  /// The name of both configurations; the Service in front of the webhook is `<name>-webhook`.
  std::string name = "dklb";
  /// dklb's own namespace: of that Service, and left out of the rules.
  std::string name_space;
  /// Instead of the Service, for a dklb outside the cluster: `https://HOST:PORT`. dklb has no
  /// namespace of its own then.
  std::string url;
  std::string failure_policy = "Ignore";
};

/// One of the two configurations, as admissionregistration.k8s.io/v1 knows them.
struct registration_kind {
  const char* kind;
  const char* resource; ///< the last segment of its path
  const char* webhook;  ///< the name of the webhook in it
  const char* path;     ///< what it calls
  bool mutating;
};
inline constexpr std::array<registration_kind, 2> registration_kinds{
  {{"MutatingWebhookConfiguration", "mutatingwebhookconfigurations",
    "mutate.dklb.kubernetes.dcos.io", "/mutate", true},
   {"ValidatingWebhookConfiguration", "validatingwebhookconfigurations",
    "validate.dklb.kubernetes.dcos.io", "/validate", false}}};

/// The whole object. `ca_bundle` is base64, as the API has it. The same as the Helm chart's.
/// Source: docs/kubernetes.md, "Admission".
nlohmann::json desired_registration(const registration_kind& kind,
                                    const registration_settings& settings,
                                    const std::string& ca_bundle);

/// True where nothing has to be written: every value of `desired` is there, lists have nothing
/// more, and what is desired to be empty is empty or absent. Defaults of the server and foreign
/// labels do not matter.
bool registration_holds(const nlohmann::json& actual, const nlohmann::json& desired);

/// The certificates of a PEM file, and nothing else of it: the file may hold a key. `invalid` where
/// there is none.
result<std::string> certificates_of(std::string_view pem);

} // namespace dklb::domain
