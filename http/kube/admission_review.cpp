#include "http/kube/admission_review.hpp"

#include "http/base64.hpp"
#include "http/kube/codec.hpp"

#include <initializer_list>
#include <utility>
#include <vector>

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

/// What the API server sends and nobody here reads: more than half of a usual body.
bool is_skipped(const std::string& key) {
  return key == "managedFields" || key == "userInfo" || key == "options" || key == "resource"
         || key == "requestKind" || key == "requestResource";
}

/// Builds the document without what is skipped. Gives up where it nests too deep: whoever reaches
/// the port could otherwise exhaust the stack with brackets.
class review_builder final : public json::json_sax_t {
public:
  bool too_deep() const { return too_deep_; }
  json take() { return std::move(root_); }

  bool null() override { return add(nullptr); }
  bool boolean(bool value) override { return add(value); }
  bool number_integer(number_integer_t value) override { return add(value); }
  bool number_unsigned(number_unsigned_t value) override { return add(value); }
  bool number_float(number_float_t value, const string_t&) override { return add(value); }
  bool string(string_t& value) override { return add(std::move(value)); }
  bool binary(binary_t&) override { return false; }
  bool start_object(std::size_t) override { return open(json::value_t::object); }
  bool start_array(std::size_t) override { return open(json::value_t::array); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }
  bool key(string_t& name) override {
    skip_value_ = skipped_ > 0 || is_skipped(name);
    if (!skip_value_)
      key_ = std::move(name);
    return true;
  }
  bool parse_error(std::size_t, const std::string&, const json::exception&) override {
    return false;
  }

private:
  /// True where the next value belongs to what is left out.
  bool skips() { return skipped_ > 0 || std::exchange(skip_value_, false); }

  template <class Value>
  bool add(Value&& value) {
    if (!skips())
      place(std::forward<Value>(value));
    return true;
  }

  json* place(json value) {
    if (open_.empty())
      return &(root_ = std::move(value));
    auto& parent = *open_.back();
    if (parent.is_array())
      return &parent.emplace_back(std::move(value));
    return &(parent[std::move(key_)] = std::move(value));
  }

  bool open(json::value_t type) {
    if (++depth_ > deepest_nesting) {
      too_deep_ = true;
      return false;
    }
    if (skips())
      ++skipped_;
    else
      open_.push_back(place(json(type)));
    return true;
  }

  bool close() {
    --depth_;
    if (skipped_ > 0)
      --skipped_;
    else
      open_.pop_back();
    return true;
  }

  json root_;
  std::vector<json*> open_;
  std::string key_;
  int depth_ = 0;
  int skipped_ = 0; ///< how many levels of what is left out are open
  bool skip_value_ = false;
  bool too_deep_ = false;
};

using path = std::initializer_list<const char*>;

/// The value behind a path of keys, null where there is none.
const json* value_at(const json& object, path keys) {
  const auto* value = &object;
  for (const auto* key : keys) {
    if (!value->is_object())
      return nullptr;
    const auto found = value->find(key);
    if (found == value->end())
      return nullptr;
    value = &*found;
  }
  return value;
}

/// The text behind a path, "" where there is none.
std::string text_at(const json& object, path keys) {
  const auto* value = value_at(object, keys);
  return value != nullptr && value->is_string() ? value->get<std::string>() : std::string{};
}

/// What the API server fills in later is filled in for the codec, which insists on it.
void complete(json& object, const json& request) {
  auto& metadata = object["metadata"];
  if (!metadata.is_object())
    return;
  const auto fill = [&](const char* name, std::string value) {
    if (text_at(metadata, {name}).empty())
      metadata[name] = std::move(value);
  };
  const auto name = text_at(request, {"name"});
  fill("name", name.empty() ? name_to_come : name);
  fill("namespace", text_at(request, {"namespace"}));
  fill("uid", text_at(request, {"uid"}));
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
  return text_at(request, {"kind", "group"}).empty()
         && text_at(request, {"kind", "version"}) == "v1"
         && text_at(request, {"kind", "kind"}) == "Service"
         && text_at(request, {"subResource"}).empty();
}

domain::admission_operation operation_of(const json& request) {
  const auto operation = text_at(request, {"operation"});
  if (operation == "CREATE")
    return domain::admission_operation::create;
  return operation == "UPDATE" ? domain::admission_operation::update
                               : domain::admission_operation::other;
}

void decode_objects(json& request, admission_review& review) {
  review.request.object = decode_member(request, "object", review.unreadable);
  if (review.request.operation == domain::admission_operation::update)
    review.request.old_object = decode_member(request, "oldObject", review.unreadable);
  if (!review.request.object)
    return;
  const auto* annotations = value_at(request, {"object", "metadata", "annotations"});
  const auto* allocation = value_at(request, {"object", "spec", "allocateLoadBalancerNodePorts"});
  review.request.has_annotations = annotations != nullptr && annotations->is_object();
  review.request.allocates_node_ports = allocation == nullptr || *allocation != false;
}

} // namespace

domain::result<admission_review> decode_admission_review(std::string_view body) {
  review_builder builder;
  if (!json::sax_parse(body, &builder))
    return unusable(builder.too_deep() ? "the body is nested too deeply for an AdmissionReview"
                                       : "the body is not JSON");
  auto document = builder.take();
  if (!document.is_object() || text_at(document, {"kind"}) != review_kind)
    return unusable("the body is not an AdmissionReview");
  if (text_at(document, {"apiVersion"}) != review_version)
    return unusable(std::string{"only AdmissionReviews of "} + review_version
                    + " are served: set admissionReviewVersions to [v1]");
  const auto request = document.find("request");
  if (request == document.end() || !request->is_object())
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
