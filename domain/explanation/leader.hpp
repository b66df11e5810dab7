#pragma once

#include "domain/cluster/leader_lease.hpp"
#include "domain/explanation/page_fields.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace dklb::domain {

/// True for a name that Kubernetes gives to an object: lower-case letters, digits, `-` and `.`, at
/// most 253 characters, and not dots alone. Such a name may be put into a path.
bool is_object_name(std::string_view text);

/// The host name in the identity of a Lease's holder, `<hostname>_<uuid>`. In a cluster it is the
/// name of the pod. Nothing if it is no name of a pod.
std::optional<std::string> host_of_holder(std::string_view holder);

/// A warning if the holder has not renewed its Lease in time; "" if it has. Clocks may differ, so
/// it is no more than a warning.
std::string lease_warning(const lease_record& record, page::moment now);

/// The path of a page of a pod behind the API server's proxy. `path` begins with `/`.
std::string pod_proxy_path(std::string_view name_space, std::string_view pod, int port,
                           std::string_view path);

} // namespace dklb::domain
