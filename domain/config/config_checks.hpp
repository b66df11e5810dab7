#pragma once

#include <optional>
#include <string>

namespace dklb::domain {

/// Checks of single texts in the configuration file: nothing where the text is right, else what is
/// wrong with it.
using text_check = std::optional<std::string> (*)(const std::string&);

/// `ADDRESS:PORT`: an IPv4 address, a bracketed IPv6 address or a host name; port 0 takes any.
std::optional<std::string> check_listen_address(const std::string& text);

/// A host name or an IP address, an IPv6 one in brackets; no port.
std::optional<std::string> check_host_name(const std::string& text);

/// An http or https URL with a host and without credentials, query or fragment.
std::optional<std::string> check_url(const std::string& text);

/// Empty, or such a URL that begins with https.
std::optional<std::string> check_optional_https_url(const std::string& text);

/// A path of words without a slash at its ends, as EdgeLB's pool groups are.
std::optional<std::string> check_pool_group(const std::string& text);

/// A Kubernetes object name (a DNS subdomain).
std::optional<std::string> check_object_name(const std::string& text);

/// Empty, or a Kubernetes namespace (a DNS label).
std::optional<std::string> check_optional_namespace(const std::string& text);

/// A label-style identifier with an optional prefix, as `loadBalancerClass` is.
std::optional<std::string> check_class_name(const std::string& text);

/// The cluster's name: no blank and no control character.
std::optional<std::string> check_cluster_name(const std::string& text);

} // namespace dklb::domain
