#include "http/kube/access/exec_credential.hpp"

#include "http/text/base64.hpp"

namespace dklb::http::kube {
namespace {

using nlohmann::json;

domain::error malformed_output(const std::string& what) {
  return {domain::error_code::malformed, "the exec plugin's output " + what, {}, 0};
}

std::string text(const json& object, const char* name) {
  const auto member = object.find(name);
  return member != object.end() && member->is_string() ? member->get<std::string>() : std::string{};
}

} // namespace

std::string exec_info(const exec_config& plugin, const kubeconfig_cluster& cluster,
                      const std::string& ca_data) {
  json spec{{"interactive", false}};
  if (plugin.provide_cluster_info) {
    json info{{"server", cluster.server}};
    if (!cluster.tls_server_name.empty())
      info["tls-server-name"] = cluster.tls_server_name;
    if (cluster.insecure_skip_tls_verify)
      info["insecure-skip-tls-verify"] = true;
    if (!ca_data.empty())
      info["certificate-authority-data"] = base64_encode(ca_data);
    if (!cluster.proxy_url.empty())
      info["proxy-url"] = cluster.proxy_url;
    if (!cluster.exec_extension.is_null())
      info["config"] = cluster.exec_extension;
    spec["cluster"] = std::move(info);
  }
  return json{
    {"apiVersion", plugin.api_version}, {"kind", "ExecCredential"}, {"spec", std::move(spec)}}
    .dump(-1, ' ', false, json::error_handler_t::replace);
}

domain::result<exec_credential> parse_exec_credential(std::string_view output,
                                                      const std::string& api_version) {
  const auto document = json::parse(output, nullptr, false);
  if (!document.is_object() || text(document, "kind") != "ExecCredential")
    return malformed_output("is no ExecCredential");
  if (text(document, "apiVersion") != api_version)
    return malformed_output("has another apiVersion than the kubeconfig's " + api_version);
  const auto status = document.find("status");
  if (status == document.end() || !status->is_object())
    return malformed_output("has no status");
  exec_credential credential{text(*status, "token"), text(*status, "clientCertificateData"),
                             text(*status, "clientKeyData"), std::nullopt};
  if (credential.certificate_data.empty() != credential.key_data.empty())
    return malformed_output(
      "has a client certificate without its key, or a key without certificate");
  if (credential.token.empty() && credential.certificate_data.empty())
    return malformed_output("has neither a token nor a client certificate");
  if (const auto expires = status->find("expirationTimestamp");
      expires != status->end() && !expires->is_null()) {
    credential.expires = parse_time(text(*status, "expirationTimestamp"));
    if (!credential.expires)
      return malformed_output("has an expirationTimestamp that is no RFC 3339 time");
  }
  return credential;
}

} // namespace dklb::http::kube
