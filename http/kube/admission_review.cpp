#include "http/kube/admission_review.hpp"

#include "domain/text/utf8.hpp"
#include "http/kube/codec.hpp"
#include "http/text/base64.hpp"

#include <nlohmann/json.hpp>

#include <utility>

namespace dklb::http::kube {

namespace {

using nlohmann::json;

constexpr const char* review_version = "admission.k8s.io/v1";
constexpr const char* review_kind = "AdmissionReview";

/// Far above what a Service has. Whoever reaches the port may send what they like.
constexpr std::size_t deepest_nesting = 100;

/// What kubectl shows of a denial, and what the API server hands on of a warning.
constexpr std::size_t longest_message = 4096;
constexpr std::size_t longest_warning = 256;

/// Stands in for a name that the API server has yet to generate; nothing depends on it.
constexpr const char* name_to_come = "unnamed";

domain::error unusable(std::string message) {
  return {domain::error_code::invalid, std::move(message), {}, 0};
}

/// The Service under `member` of the request; nothing where there is none. What the API server
/// fills in after admission is taken from the request, for the codec insists on it.
std::optional<domain::service> decode_member(json_view request, const char* member,
                                             std::optional<domain::error>& unreadable) {
  const auto found = value_at(request, {member});
  if (!found || found->is_null())
    return std::nullopt;
  object_identity known{text_at(request, {"namespace"}), text_at(request, {"name"}),
                        text_at(request, {"uid"})};
  if (known.name.empty())
    known.name = name_to_come;
  auto decoded = decode_service(*found, known);
  if (decoded)
    return std::move(*decoded);
  unreadable = std::move(decoded.failure());
  return std::nullopt;
}

bool is_service(json_view request) {
  return text_at(request, {"kind", "group"}).empty()
         && text_at(request, {"kind", "version"}) == "v1"
         && text_at(request, {"kind", "kind"}) == "Service"
         && text_at(request, {"subResource"}).empty();
}

domain::admission_operation operation_of(json_view request) {
  const auto operation = text_at(request, {"operation"});
  if (operation == "CREATE")
    return domain::admission_operation::create;
  return operation == "UPDATE" ? domain::admission_operation::update
                               : domain::admission_operation::other;
}

void decode_objects(json_view request, admission_review& review) {
  review.request.object = decode_member(request, "object", review.unreadable);
  if (review.request.operation == domain::admission_operation::update)
    review.request.old_object = decode_member(request, "oldObject", review.unreadable);
  if (!review.request.object)
    return;
  const auto annotations = value_at(request, {"object", "metadata", "annotations"});
  const auto allocation = value_at(request, {"object", "spec", "allocateLoadBalancerNodePorts"});
  bool allocates = true;
  review.request.has_annotations = annotations && annotations->is_object();
  review.request.allocates_node_ports =
    !allocation || allocation->get(allocates) != simdjson::SUCCESS || allocates;
}

} // namespace

domain::result<admission_review> decode_admission_review(std::string_view body) {
  json_reader reader{deepest_nesting};
  const auto document = reader.read(body);
  if (!document)
    return unusable("the body is " + document.failure().message);
  if (text_at(*document, {"kind"}) != review_kind)
    return unusable("the body is not an AdmissionReview");
  if (text_at(*document, {"apiVersion"}) != review_version)
    return unusable(std::string{"only AdmissionReviews of "} + review_version
                    + " are served: set admissionReviewVersions to [v1]");
  const auto request = value_at(*document, {"request"});
  if (!request || !request->is_object())
    return unusable("the AdmissionReview has no request");
  admission_review review;
  review.uid = text_at(*request, {"uid"});
  if (review.uid.empty())
    return unusable("the AdmissionReview's request has no uid");
  review.request.operation = operation_of(*request);
  if (is_service(*request))
    decode_objects(*request, review);
  return review;
}

std::string encode_admission_review(const std::string& uid,
                                    const domain::admission_verdict& verdict) {
  json response{{"uid", uid}, {"allowed", verdict.allowed}};
  if (!verdict.allowed)
    response["status"] = {{"status", "Failure"},
                          {"code", verdict.code},
                          {"reason", verdict.reason},
                          {"message", domain::visible(verdict.message, longest_message)}};
  for (const auto& warning : verdict.warnings)
    response["warnings"].push_back(domain::visible(warning, longest_warning));
  if (!verdict.patch.is_null()) {
    response["patchType"] = "JSONPatch";
    response["patch"] =
      base64_encode(verdict.patch.dump(-1, ' ', false, json::error_handler_t::replace));
  }
  const json review{
    {"apiVersion", review_version}, {"kind", review_kind}, {"response", std::move(response)}};
  // The texts may quote what a user wrote, and that need not be UTF-8.
  return review.dump(-1, ' ', false, json::error_handler_t::replace);
}

} // namespace dklb::http::kube
