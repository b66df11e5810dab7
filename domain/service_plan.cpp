#include "domain/service_plan.hpp"

#include <algorithm>
#include <utility>

namespace dklb::domain {

namespace {

constexpr const char* translation_error = "TranslationError";

bool has_finalizer(const service& service) {
  const auto& all = service.finalizers;
  return std::find(all.begin(), all.end(), finalizer_name) != all.end();
}

/// Why the Service is not for dklb; nothing where it is.
std::optional<std::string> foreign_reason(const service_settings& settings,
                                          const service& service) {
  if (service.type != "LoadBalancer")
    return "the Service's type is " + service.type + ", not LoadBalancer";
  const auto load_balancer_class = service.load_balancer_class.value_or("");
  if (load_balancer_class.empty() && !settings.claim_unclassed)
    return "the Service has no loadBalancerClass; set it to \"" + settings.load_balancer_class
           + "\" to have it provisioned by dklb";
  if (!load_balancer_class.empty() && load_balancer_class != settings.load_balancer_class)
    return "the Service's loadBalancerClass \"" + load_balancer_class
           + "\" belongs to another controller";
  return std::nullopt;
}

std::string describe(const service_port& port) {
  const auto number = std::to_string(port.port) + "/" + port.protocol;
  return port.name.empty() ? "port " + number : "port \"" + port.name + "\" (" + number + ")";
}

/// Everything about the ports that cannot be provisioned.
std::vector<std::string> port_problems(const service& service) {
  std::vector<std::string> problems;
  if (service.ports.empty())
    problems.emplace_back("the Service has no port");
  for (const auto& port : service.ports) {
    if (port.protocol != "TCP")
      problems.push_back(describe(port) + " cannot be exposed: only TCP is supported; move it to "
                         + "a Service of its own that is not of type LoadBalancer");
    else if (port.node_port <= 0)
      problems.push_back(describe(port) + " has no nodePort: set "
                         + "spec.allocateLoadBalancerNodePorts to true or give it a nodePort");
  }
  return problems;
}

refuse_service refuse(const std::vector<std::string>& problems) {
  std::string message;
  for (const auto& problem : problems)
    message.append(message.empty() ? "" : "; ").append(problem);
  return {translation_error, std::move(message)};
}

/// One planning of one Service whose ports and annotation are in order.
class planner {
public:
  planner(const service_settings& settings, const service_plan_input& input,
          parsed_configuration_object parsed)
    : settings_(settings), input_(input), object_(std::move(parsed.object)),
      warnings_(std::move(parsed.warnings)) {}

  service_step plan() {
    if (input_.accepted)
      if (auto step = follow_accepted(*input_.accepted))
        return std::move(*step);
    if (needs_generated_name(object_))
      return generate_name();
    return go_on(object_, {});
  }

private:
  const service& subject() const { return *input_.object; }

  /// The annotation compared with the one that was accepted last. Nothing where it may stand.
  std::optional<service_step> follow_accepted(const configuration_object& accepted) {
    if (object_ == configuration_object{})
      return patch(accepted, removed_annotation_text() + "; the last accepted value was put back");
    const bool adds_cloud = has_cloud_provider(object_) && !has_cloud_provider(accepted);
    const bool lost_name = !object_.name && !adds_cloud;
    const auto wanted = lost_name ? with_fixed_keys_of(accepted) : object_;
    if (auto change = forbidden(accepted, wanted))
      return go_on(accepted, std::move(change));
    if (!lost_name)
      return std::nullopt;
    return patch(wanted, "the annotation no longer named the pool; \"" + accepted.name.value_or("")
                           + "\" was put back, because the name cannot be removed");
  }

  /// An annotation applied again without the generated name, as `kubectl apply` does with a
  /// manifest that never had it, means the same pool and not another random one.
  configuration_object with_fixed_keys_of(const configuration_object& accepted) const {
    auto wanted = object_;
    wanted.name = accepted.name;
    wanted.role = wanted.role ? wanted.role : accepted.role;
    wanted.network = wanted.network ? wanted.network : accepted.network;
    return wanted;
  }

  /// A key that was left out so far was decided by the pool itself: naming it now is no change
  /// that this Service can judge, the pool's plan does.
  std::optional<std::string> forbidden(configuration_object before,
                                       const configuration_object& after) const {
    before.role = before.role ? before.role : after.role;
    before.network = before.network ? before.network : after.network;
    return forbidden_change(with_defaults(before, settings_), with_defaults(after, settings_));
  }

  service_step generate_name() {
    if (object_.creation == creation_strategy::never)
      return refuse({"the creation strategy \"Never\" needs the name of a pool that exists: set "
                     "\"name\" in the annotation"});
    const auto named = with_generated_name(object_, settings_, input_);
    if (!named)
      return refuse({"no free name for the pool was found: set \"name\" in the annotation"});
    return patch(*named, std::nullopt);
  }

  patch_service patch(const configuration_object& object, std::optional<std::string> restored) {
    return {missing_finalizer(), render_configuration_object(object), std::move(restored), nullptr};
  }

  /// The list with our finalizer in it, where it has to be written. A paused Service gets none:
  /// there is nothing yet that a deletion would have to wait for.
  std::optional<std::vector<std::string>> missing_finalizer() const {
    if (has_finalizer(subject()) || subject().paused)
      return std::nullopt;
    auto all = subject().finalizers;
    all.emplace_back(finalizer_name);
    return all;
  }

  service_step go_on(const configuration_object& object, std::optional<std::string> refused) {
    auto part = make_claim(subject(), object);
    if (!part)
      return refuse({part.failure().message});
    if (refused)
      *refused += "; the pool \"" + object.name.value_or("") + "\" goes on as before: put the old "
                  + "value back, or delete the Service and create it again";
    if (subject().paused)
      return pause_service{std::string{"paused by the annotation \""} + paused_annotation_name
                           + "\"; nothing is provisioned until it is removed"
                           + (refused ? "; " + *refused : "")};
    part->warnings.insert(part->warnings.begin(), warnings_.begin(), warnings_.end());
    part->refused_change = std::move(refused);
    if (auto finalizers = missing_finalizer())
      return patch_service{std::move(finalizers), std::nullopt, std::nullopt,
                           std::make_shared<const claim_pool_part>(std::move(*part))};
    return std::move(*part);
  }

  const service_settings& settings_;
  const service_plan_input& input_;
  configuration_object object_;
  std::vector<std::string> warnings_;
};

} // namespace

bool wanted(const service_settings& settings, const service& service) {
  return !service.deleting && !foreign_reason(settings, service);
}

bool needs_cleanup(const service_settings& settings, const service& service) {
  return has_finalizer(service) && !wanted(settings, service);
}

bool followed(const service_settings& settings, const service& service) {
  return service.type == "LoadBalancer" || needs_cleanup(settings, service);
}

bool same_for_plan(const service& left, const service& right, const pool_claim* claim) {
  const bool addresses_count = claim == nullptr || claim->creation == creation_strategy::once;
  return left.uid == right.uid && left.deleting == right.deleting && left.type == right.type
         && left.load_balancer_class == right.load_balancer_class && left.ports == right.ports
         && left.config_annotation == right.config_annotation && left.paused == right.paused
         && left.finalizers == right.finalizers
         && (!addresses_count || left.addresses.empty() == right.addresses.empty());
}

std::string removed_annotation_text() {
  return std::string{"the annotation \""} + config_annotation_name + "\" cannot be removed";
}

service_step plan_service(const service_settings& settings, const service_plan_input& input) {
  const auto& object = *input.object;
  if (needs_cleanup(settings, object))
    return clean_up_service{};
  if (auto reason = foreign_reason(settings, object))
    return ignore_service{std::move(*reason)};
  if (object.deleting)
    return ignore_service{"the Service is being deleted"};
  auto problems = port_problems(object);
  auto parsed = parse_configuration_object(object.config_annotation.value_or(""));
  if (!parsed)
    problems.push_back(parsed.failure().message);
  if (!problems.empty())
    return refuse(problems);
  return planner{settings, input, std::move(*parsed)}.plan();
}

} // namespace dklb::domain
