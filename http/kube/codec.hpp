#pragma once

#include "domain/base/error.hpp"
#include "domain/cluster/node.hpp"
#include "domain/service/service.hpp"
#include "http/kube/json_reader.hpp"
#include "http/kube/watch/known_objects.hpp"

namespace dklb::http::kube {

/// Trims a v1 Service to what dklb uses. A field of the wrong type is a `malformed` error that
/// names it; whatever is unknown is ignored. `known` stands in for the namespace, name and uid that
/// an object lacks, which is an error without it.
domain::result<domain::service> decode_service(json_view object, const object_identity& known = {});

/// Trims a v1 Node: the first InternalIP of each family, the Ready condition, and the label and the
/// taint that keep traffic away. An unschedulable or deleting node still carries traffic.
domain::result<domain::node> decode_node(json_view object);

} // namespace dklb::http::kube
