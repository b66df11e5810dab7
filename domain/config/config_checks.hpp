#pragma once

#include <optional>
#include <string>

namespace dklb::domain {

/// A check of one text in the configuration file. Returns the mistake, or nothing if the text is
/// valid. Each function below is such a check; its comment says which texts are valid.
using text_check = std::optional<std::string> (*)(const std::string&);

/// `ADDRESS:PORT`: an IPv4 address, an IPv6 address in brackets, or a host name. Port 0 means any
/// free port.
std::optional<std::string> check_listen_address(const std::string& text);

/// A host name, an IPv4 address, or an IPv6 address in brackets, without a port.
std::optional<std::string> check_host_name(const std::string& text);

/// An http or https URL with a host and without credentials, query or fragment.
std::optional<std::string> check_url(const std::string& text);

/// Empty, or a URL as for check_url() with the scheme https.
std::optional<std::string> check_optional_https_url(const std::string& text);

/// An EdgeLB pool group: words separated by slashes, without a slash at either end.
std::optional<std::string> check_pool_group(const std::string& text);

/// A Kubernetes object name (a DNS subdomain).
std::optional<std::string> check_object_name(const std::string& text);

/// Empty, or a Kubernetes namespace (a DNS label).
std::optional<std::string> check_optional_namespace(const std::string& text);

/// A `loadBalancerClass`: a label-style identifier with an optional prefix.
std::optional<std::string> check_class_name(const std::string& text);

/// A cluster name: any text without blanks and control characters.
std::optional<std::string> check_cluster_name(const std::string& text);

} // namespace dklb::domain
