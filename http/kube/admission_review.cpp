#include "http/kube/admission_review.hpp"

#include "http/base64.hpp"
#include "http/kube/codec.hpp"

#include <utility>

namespace dklb::http::kube {

namespace {

using nlohmann::json;

constexpr const char* review_version = "admission.k8s.io/v1";
constexpr const char* review_kind = "AdmissionReview";

/// Far above what a Service has, far below where recursion ends the process.
constexpr int deepest_nesting = 100;

/// Stands in for a name that the API server has yet to generate; nothing depends on it.
constexpr const char* name_to_come = "unnamed";

domain::error unusable(std::string message) {
  return {domain::error_code::invalid, std::move(message), {}, 0};
}

/// Whoever reaches the port could otherwise exhaust the stack with brackets.
bool nests_too_deep(std::string_view text) {
  int depth = 0;
  bool in_string = false;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char letter = text[at];
    if (in_string && letter == '\\')
      ++at;
    else if (letter == '"')
      in_string = !in_string;
    else if (in_string)
      continue;
    else if (letter == '{' || letter == '[')
      ++depth;
    else if (letter == '}' || letter == ']')
      --depth;
    if (depth > deepest_nesting)
      return true;
  }
  return false;
}

/// The text behind a path, "" where there is none.
std::string text_at(const json& object, const char* pointer) {
  const json::json_pointer path{pointer};
  if (!object.contains(path))
    return {};
  const auto& value = object.at(path);
  return value.is_string() ? value.get<std::string>() : std::string{};
}

/// What the API server fills in later is filled in for the codec, which insists on it.
void complete(json& object, const json& request) {
  auto& metadata = object["metadata"];
  if (!metadata.is_object())
    return;
  const auto fill = [&](const char* name, std::string value) {
    if (text_at(object, (std::string{"/metadata/"} + name).c_str()).empty())
      metadata[name] = std::move(value);
  };
  const auto name = text_at(request, "/name");
  fill("name", name.empty() ? name_to_come : name);
  fill("namespace", text_at(request, "/namespace"));
  fill("uid", text_at(request, "/uid"));
}

/// The Service under `member` of the request; nothing where there is none.
std::optional<domain::service> decode_member(json& request, const char* member,
                                             std::optional<domain::error>& unreadable) {
  const auto found = request.find(member);
  if (found == request.end() || found->is_null())
    return std::nullopt;
  if (found->is_object())
    complete(*found, request);
  auto decoded = decode_service(*found);
  if (decoded)
    return std::move(*decoded);
  unreadable = std::move(decoded.failure());
  return std::nullopt;
}

bool is_service(const json& request) {
  return text_at(request, "/kind/group").empty() && text_at(request, "/kind/version") == "v1"
         && text_at(request, "/kind/kind") == "Service" && text_at(request, "/subResource").empty();
}

domain::admission_operation operation_of(const json& request) {
  const auto operation = text_at(request, "/operation");
  if (operation == "CREATE")
    return domain::admission_operation::create;
  return operation == "UPDATE" ? domain::admission_operation::update
                               : domain::admission_operation::other;
}

void decode_objects(json& request, admission_review& review) {
  using path = json::json_pointer;
  review.request.object = decode_member(request, "object", review.unreadable);
  if (review.request.operation == domain::admission_operation::update)
    review.request.old_object = decode_member(request, "oldObject", review.unreadable);
  if (!review.request.object)
    return;
  const path annotations{"/object/metadata/annotations"};
  const path allocation{"/object/spec/allocateLoadBalancerNodePorts"};
  review.request.has_annotations =
    request.contains(annotations) && request.at(annotations).is_object();
  review.request.allocates_node_ports =
    !request.contains(allocation) || request.at(allocation) != false;
}

} // namespace

domain::result<admission_review> decode_admission_review(std::string_view body) {
  if (nests_too_deep(body))
    return unusable("the body is nested too deeply for an AdmissionReview");
  auto document = json::parse(body, nullptr, false);
  if (document.is_discarded())
    return unusable("the body is not JSON");
  if (!document.is_object() || text_at(document, "/kind") != review_kind)
    return unusable("the body is not an AdmissionReview");
  if (text_at(document, "/apiVersion") != review_version)
    return unusable(std::string{"only AdmissionReviews of "} + review_version
                    + " are served: set admissionReviewVersions to [v1]");
  const auto request = document.find("request");
  if (request == document.end() || !request->is_object())
    return unusable("the AdmissionReview has no request");
  admission_review review;
  review.uid = text_at(*request, "/uid");
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
                          {"message", verdict.message}};
  if (!verdict.warnings.empty())
    response["warnings"] = verdict.warnings;
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
