#include "domain/webhook/webhook_registration.hpp"

#include <algorithm>

namespace dklb::domain {

namespace {

using nlohmann::json;

constexpr int timeout_seconds = 5;
constexpr int https_port = 443;

json client_config(const registration_kind& kind, const registration_settings& settings,
                   const std::string& ca_bundle) {
  json config{{"caBundle", ca_bundle}};
  if (settings.url.empty()) {
    config["service"] = {{"name", settings.name + "-webhook"},
                         {"namespace", settings.name_space},
                         {"path", kind.path},
                         {"port", https_port}};
    return config;
  }
  auto base = settings.url;
  while (base.ends_with('/'))
    base.pop_back();
  config["url"] = base + kind.path;
  return config;
}

json excluded_namespaces(const registration_settings& settings) {
  json names{"kube-system"};
  if (settings.url.empty() && settings.name_space != "kube-system")
    names.push_back(settings.name_space);
  return names;
}

bool empty_or_absent(const json& object, const std::string& key) {
  const auto found = object.find(key);
  return found == object.end() || found->is_null() || found->empty();
}

} // namespace

json desired_registration(const registration_kind& kind, const registration_settings& settings,
                          const std::string& ca_bundle) {
  json webhook{{"name", kind.webhook},
               {"admissionReviewVersions", {"v1"}},
               {"sideEffects", "None"},
               {"timeoutSeconds", timeout_seconds},
               {"matchPolicy", "Equivalent"},
               {"failurePolicy", settings.failure_policy},
               {"objectSelector", json::object()},
               {"matchConditions", json::array()},
               {"namespaceSelector",
                {{"matchExpressions", json::array({{{"key", "kubernetes.io/metadata.name"},
                                                    {"operator", "NotIn"},
                                                    {"values", excluded_namespaces(settings)}}})},
                 {"matchLabels", json::object()}}},
               {"rules", json::array({{{"apiGroups", {""}},
                                       {"apiVersions", {"v1"}},
                                       {"operations", {"CREATE", "UPDATE"}},
                                       {"resources", {"services"}},
                                       {"scope", "Namespaced"}}})},
               {"clientConfig", client_config(kind, settings, ca_bundle)}};
  if (kind.mutating)
    webhook["reinvocationPolicy"] = "IfNeeded";
  return {
    {"apiVersion", "admissionregistration.k8s.io/v1"},
    {"kind", kind.kind},
    {"metadata",
     {{"name", settings.name},
      {"labels", {{"app.kubernetes.io/name", "dklb"}, {"app.kubernetes.io/managed-by", "dklb"}}}}},
    {"webhooks", json::array({std::move(webhook)})}};
}

bool registration_holds(const json& actual, const json& desired) {
  if (desired.is_object()) {
    if (!actual.is_object())
      return false;
    return std::all_of(desired.items().begin(), desired.items().end(), [&](const auto& item) {
      if (item.value().is_structured() && item.value().empty())
        return empty_or_absent(actual, item.key());
      const auto found = actual.find(item.key());
      return found != actual.end() && registration_holds(*found, item.value());
    });
  }
  if (!desired.is_array())
    return actual == desired;
  return actual.is_array()
         && std::equal(
           actual.begin(), actual.end(), desired.begin(), desired.end(),
           [](const json& left, const json& right) { return registration_holds(left, right); });
}

result<std::string> certificates_of(std::string_view pem) {
  constexpr std::string_view begin = "-----BEGIN CERTIFICATE-----";
  constexpr std::string_view end = "-----END CERTIFICATE-----";
  std::string found;
  for (auto at = pem.find(begin); at != std::string_view::npos; at = pem.find(begin, at)) {
    const auto last = pem.find(end, at);
    if (last == std::string_view::npos)
      break;
    found.append(pem.substr(at, last + end.size() - at)).append("\n");
    at = last;
  }
  if (found.empty())
    return error{error_code::invalid, "holds no PEM certificate", {}, 0};
  return found;
}

} // namespace dklb::domain
