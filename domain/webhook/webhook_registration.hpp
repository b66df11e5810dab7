#pragma once

#include "domain/base/error.hpp"

#include <nlohmann/json.hpp>

#include <array>
#include <string>
#include <string_view>

namespace dklb::domain {

/// Settings of the webhook's two configuration objects.
struct registration_settings {
  /// The name of both objects. The Service in front of the webhook is `<name>-webhook`.
  std::string name = "dklb";
  /// dklb's own namespace. The Service of the webhook is in it, and the webhook is not called for
  /// its objects.
  std::string name_space;
  /// For a dklb outside the cluster: `https://HOST:PORT`, instead of the Service. dklb then has no
  /// namespace of its own.
  std::string url;
  std::string failure_policy = "Ignore";
};

/// One of the two kinds of configuration objects (admissionregistration.k8s.io/v1).
struct registration_kind {
  const char* kind;
  const char* resource; ///< plural name, in the path of the API
  const char* webhook;  ///< name of the webhook in the object
  const char* path;     ///< path that the API server calls
  bool mutating;
};
inline constexpr std::array<registration_kind, 2> registration_kinds{
  {{"MutatingWebhookConfiguration", "mutatingwebhookconfigurations",
    "mutate.dklb.kubernetes.dcos.io", "/mutate", true},
   {"ValidatingWebhookConfiguration", "validatingwebhookconfigurations",
    "validate.dklb.kubernetes.dcos.io", "/validate", false}}};

/// The complete configuration object, the same as the Helm chart's. `ca_bundle` is base64, as in
/// the API. Source: docs/kubernetes.md, "Admission".
nlohmann::json desired_registration(const registration_kind& kind,
                                    const registration_settings& settings,
                                    const std::string& ca_bundle);

/// True if `actual` needs no write: it has every value of `desired`, its lists have no more items,
/// and values that are empty in `desired` are empty or absent. Defaults of the server and foreign
/// labels do not matter.
bool registration_holds(const nlohmann::json& actual, const nlohmann::json& desired);

/// The certificates in a PEM text, without its other parts: the file may have a key, too. The error
/// is `invalid` if it has no certificate.
result<std::string> certificates_of(std::string_view pem);

} // namespace dklb::domain
