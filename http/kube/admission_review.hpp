#pragma once

#include "domain/base/error.hpp"
#include "domain/webhook/admission.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace dklb::http::kube {

/// A request of admission.k8s.io/v1, as far as it was readable.
struct admission_review {
  std::string uid;
  /// An object of another kind than v1 Service, or the write of a subresource, has no `object`.
  domain::admission_request request;
  /// Why the Service in a readable review is none: a field of the wrong type, by name.
  std::optional<domain::error> unreadable;
};

/// Reads the body of a call. `invalid` where it is no AdmissionReview of v1 with a request: no
/// JSON, another kind or version, nested deeper than any object of Kubernetes.
/// Source: docs/kubernetes.md, "Admission".
domain::result<admission_review> decode_admission_review(std::string_view body);

/// The AdmissionReview that answers the request with this uid.
std::string encode_admission_review(const std::string& uid,
                                    const domain::admission_verdict& verdict);

} // namespace dklb::http::kube
