#include "domain/webhook/admission.hpp"

#include "domain/service/pool_choice.hpp"
#include "domain/service/service_phase.hpp"

#include <algorithm>
#include <utility>

namespace dklb::domain {

namespace {

/// For rules that do not depend on the generated name.
constexpr const char* any_suffix = "00000";

/// Where no port was allocated yet; any number will do for the rules.
constexpr int port_to_come = 1;

constexpr int forbidden_status = 403;
constexpr int invalid_status = 422;

/// The Service as the controller will find it: with its finalizer, and with the nodePorts that the
/// API server allocates after admission. A paused one is judged as if it were not.
service as_stored(const service_settings& settings, const admission_request& request) {
  auto object = *request.object;
  object.finalizers = {finalizer_of(settings.load_balancer_class)};
  object.paused = false;
  if (request.allocates_node_ports)
    for (auto& port : object.ports)
      port.node_port = port.node_port > 0 ? port.node_port : port_to_come;
  return object;
}

/// True where the update leaves everything alone that a decision depends on.
bool changes_nothing(const service& before, service after) {
  after.uid = before.uid;
  after.finalizers = before.finalizers;
  after.addresses = before.addresses;
  return same_for_plan(before, after, nullptr);
}

configuration_object object_of(const service& service) {
  auto parsed = parse_configuration_object(service.config_annotation.value_or(""));
  return parsed ? std::move(parsed->object) : configuration_object{};
}

/// One request whose Service is ours and changes in a way that matters.
class judgement {
public:
  judgement(const service_settings& settings, const admission_request& request)
    : settings_(settings), object_(as_stored(settings, request)),
      follows_(request.old_object && wanted(settings, *request.old_object)) {
    if (follows_)
      accepted_ = accepted_before(*request.old_object);
  }

  /// True where it takes the controller to say what was accepted last.
  bool beyond_us() const { return follows_ && !accepted_; }

  service_step plan(const name_source& names) const {
    return plan_service(settings_, {&object_, accepted_, names.suffix, names.pool_exists});
  }

  /// What the plan says once the annotation is completed in this way.
  service_step plan_completed(const patch_service& patch, const name_source& names) {
    if (patch.config_annotation)
      object_.config_annotation = patch.config_annotation;
    object_.pool_annotation = patch.pool_annotation.value_or(object_.pool_annotation);
    return plan(names);
  }

private:
  /// The old object's annotation, where nothing says that the controller follows another one: it
  /// or dklb's own annotation names the pool, and the Service's condition tells of no other.
  static std::optional<configuration_object> accepted_before(const service& old) {
    if (!old.config_annotation)
      return std::nullopt;
    auto object = object_of(old);
    object.name = named_pool(old, object);
    if (!object.name || condition_contradicts(old, *object.name))
      return std::nullopt;
    return object;
  }

  const service_settings& settings_;
  service object_;
  bool follows_ = false;
  std::optional<configuration_object> accepted_;
};

/// The patch of annotations that a step asks for, null where it asks for none.
const patch_service* completion(const service_step& step) {
  const auto* patch = std::get_if<patch_service>(&step);
  const bool completes = patch != nullptr && (patch->config_annotation || patch->pool_annotation);
  return completes ? patch : nullptr;
}

/// True where the user took away an annotation that was accepted: the controller would put it back.
bool undoes_removal(const patch_service& patch) {
  return patch.restored_message && patch.restored_message->starts_with(removed_annotation_text());
}

/// False where the request passes untouched: nothing of ours, or nothing that matters.
bool concerns_us(const service_settings& settings, const admission_request& request) {
  if (request.operation == admission_operation::other || !request.object
      || !wanted(settings, *request.object))
    return false;
  // A user's update may drop the finalizer; the dklb that put it there still serves the Service.
  if (request.old_object && other_server(settings, *request.old_object))
    return false;
  return request.operation == admission_operation::create || !request.old_object
         || !changes_nothing(*request.old_object, *request.object);
}

/// True where the user means dklb: by the class, or by an annotation of dklb's. Any other Service
/// is dklb's only because nobody else was named.
bool names_dklb(const service_settings& settings, const service& object) {
  return object.load_balancer_class == settings.load_balancer_class || object.config_annotation
         || !object.pool_annotation.empty() || object.paused;
}

bool names_dklb(const service_settings& settings, const admission_request& request) {
  return names_dklb(settings, *request.object)
         || (request.old_object && names_dklb(settings, *request.old_object));
}

admission_verdict denied(int code, const char* reason, std::string message) {
  admission_verdict verdict;
  verdict.allowed = false;
  verdict.code = code;
  verdict.reason = reason;
  verdict.message = std::move(message);
  return verdict;
}

/// RFC 6902: adds the member, or replaces it.
nlohmann::json add_operation(const nlohmann::json::json_pointer& path, nlohmann::json value) {
  return {{"op", "add"}, {"path", path.to_string()}, {"value", std::move(value)}};
}

/// Appends what sets these annotations.
void add_annotations(nlohmann::json& operations, const std::optional<std::string>& config,
                     const std::optional<std::string>& pool, bool has_annotations) {
  const nlohmann::json::json_pointer annotations{"/metadata/annotations"};
  auto values = nlohmann::json::object();
  if (config)
    values[config_annotation_name] = *config;
  if (pool)
    values[pool_annotation_name] = *pool;
  if (values.empty())
    return;
  if (!has_annotations) {
    operations.push_back(add_operation(annotations, std::move(values)));
    return;
  }
  for (const auto& [name, value] : values.items())
    operations.push_back(add_operation(annotations / name, value));
}

/// Appends what puts dklb's finalizer on a new Service that it is going to serve, so that the
/// controller need not patch it. A paused Service gets it with the end of the pause.
void add_finalizer(nlohmann::json& operations, const service_settings& settings,
                   const admission_request& request, const service_step& step) {
  const auto served =
    std::holds_alternative<patch_service>(step) || std::holds_alternative<claim_pool_part>(step);
  const auto own = finalizer_of(settings.load_balancer_class);
  auto finalizers = request.object->finalizers;
  if (request.operation != admission_operation::create || request.object->paused || !served
      || std::ranges::find(finalizers, own) != finalizers.end())
    return;
  finalizers.push_back(own);
  operations.push_back(
    add_operation(nlohmann::json::json_pointer{"/metadata/finalizers"}, std::move(finalizers)));
}

/// What is in dklb's own annotation already is the controller's to judge, which alone knows what
/// EdgeLB holds, and whose own correction passes through here as well.
bool names_a_pool(const admission_request& request) {
  return request.operation == admission_operation::update
         && fits(request.object->pool_annotation, object_of(*request.object));
}

} // namespace

admission_verdict mutate_service(const service_settings& settings, const admission_request& request,
                                 const name_source& names) {
  admission_verdict verdict;
  if (!concerns_us(settings, request))
    return verdict;
  const judgement judged{settings, request};
  if (judged.beyond_us())
    return verdict;
  const auto step = judged.plan(names);
  auto operations = nlohmann::json::array();
  if (const auto* patch = completion(step); patch != nullptr && !undoes_removal(*patch))
    add_annotations(operations, patch->config_annotation,
                    names_a_pool(request) ? std::nullopt : patch->pool_annotation,
                    request.has_annotations);
  add_finalizer(operations, settings, request, step);
  if (!operations.empty())
    verdict.patch = std::move(operations);
  return verdict;
}

admission_verdict validate_service(const service_settings& settings,
                                   const admission_request& request) {
  if (!concerns_us(settings, request))
    return {};
  judgement judged{settings, request};
  const name_source names{[] { return std::string{any_suffix}; }, nullptr};
  auto step = judged.plan(names);
  if (const auto* patch = completion(step)) {
    if (undoes_removal(*patch))
      return denied(forbidden_status, "Forbidden", removed_annotation_text());
    step = judged.plan_completed(*patch, names);
  }
  admission_verdict verdict;
  if (auto* refused = std::get_if<refuse_service>(&step)) {
    if (names_dklb(settings, request))
      return denied(invalid_status, "Invalid", std::move(refused->message));
    // A chart that knows nothing of dklb must install all the same.
    verdict.warnings.push_back("dklb does not serve this Service: " + refused->message);
    return verdict;
  }
  if (auto* part = std::get_if<claim_pool_part>(&step)) {
    if (part->refused_change)
      return denied(forbidden_status, "Forbidden", std::move(*part->refused_change));
    verdict.warnings = std::move(part->warnings);
    verdict.warnings.insert(verdict.warnings.end(), part->remarks.begin(), part->remarks.end());
  }
  return verdict;
}

} // namespace dklb::domain
