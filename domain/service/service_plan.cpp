#include "domain/service/service_plan.hpp"

#include "domain/service/pool_choice.hpp"
#include "domain/service/service_rules.hpp"

#include <algorithm>
#include <utility>

namespace dklb::domain {

namespace {

constexpr const char* translation_error = "TranslationError";

/// Nothing but white space, so there is no text of a user that could be lost.
bool is_blank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

/// Everything about the ports that cannot be provisioned.
std::vector<std::string> port_problems(const service_settings& settings, const service& service) {
  std::vector<std::string> problems;
  const bool skips =
    settings.others == other_protocols::skip && std::ranges::any_of(service.ports, is_served);
  if (service.ports.empty())
    problems.emplace_back("the Service has no port");
  for (const auto& port : service.ports) {
    if (!is_served(port) && skips)
      continue;
    if (!is_served(port))
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

std::string paused_by() {
  return std::string{"paused by the annotation \""} + paused_annotation_name + "\"; ";
}

/// One planning of one Service whose ports and annotation are in order.
class planner {
public:
  planner(const service_settings& settings, const service_plan_input& input,
          parsed_configuration_object parsed)
    : settings_(settings), input_(input), object_(std::move(parsed.object)),
      warnings_(std::move(parsed.warnings)) {
    if (object_.name && needs_generated_name(object_))
      warnings_.push_back("the name \"" + *object_.name
                          + "\" is not used: that of a cloud-provider pool starts with \"cloud\"");
  }

  service_step plan() {
    if (!subject().config_annotation && input_.accepted)
      return go_on(*input_.accepted, std::nullopt,
                   filling{*input_.accepted,
                           removed_annotation_text() + "; the last accepted value was put back"});
    if (is_blank(subject().config_annotation.value_or("")))
      if (auto step = fill())
        return std::move(*step);
    auto wanted = object_;
    if (needs_generated_name(object_)) {
      wanted.name = known_name();
      if (!wanted.name && object_.creation == creation_strategy::never)
        return refuse({"the creation strategy \"Never\" needs the name of a pool that exists: set "
                       "\"name\" in the annotation"});
      if (!wanted.name)
        wanted.name = new_name(object_, settings_, input_);
      if (!wanted.name)
        return no_free_name();
    }
    return follow(std::move(wanted));
  }

private:
  /// What is written into an annotation that holds nothing.
  struct filling {
    configuration_object object;
    std::optional<std::string> restored; ///< where it held something before
  };

  const service& subject() const { return *input_.object; }
  std::optional<std::string> known_name() const {
    return chosen_name(input_, object_, serves(settings_, subject()));
  }

  static service_step no_free_name() {
    return refuse({"no free name for the pool was found: set \"name\" in the annotation"});
  }

  /// Nothing where the empty text stays: it was filled before, and the user emptied it again.
  std::optional<service_step> fill() {
    const auto known = known_name();
    const auto absent = !subject().config_annotation;
    if (known && !absent)
      return std::nullopt;
    const auto name = known ? known : new_name(object_, settings_, input_);
    if (!name)
      return no_free_name();
    // Of a pool that exists, a key that is left out keeps the present value.
    const bool exists = known && input_.pool_exists && input_.pool_exists(*name);
    auto filled = exists ? configuration_object{} : with_defaults(object_, settings_);
    filled.name = name;
    std::optional<std::string> restored;
    if (known && serves(settings_, subject()))
      restored = removed_annotation_text() + "; the name of the Service's pool was put back";
    return go_on(filled, std::nullopt, filling{filled, std::move(restored)});
  }

  /// The text, under the name that holds, compared with what serves the Service.
  service_step follow(configuration_object wanted) {
    if (input_.accepted) {
      auto change = forbidden(*input_.accepted, wanted);
      return change ? go_on(*input_.accepted, std::move(change)) : go_on(wanted, std::nullopt);
    }
    const auto before = pool_before_renaming(input_, wanted);
    if (!before)
      return go_on(wanted, std::nullopt);
    auto old = wanted;
    old.name = before;
    return go_on(old, forbidden(old, wanted));
  }

  /// A key that was left out so far was decided by the pool itself: naming it now is no change
  /// that this Service can judge, the pool's plan does.
  std::optional<std::string> forbidden(configuration_object before,
                                       const configuration_object& after) const {
    before.role = before.role ? before.role : after.role;
    before.network = before.network ? before.network : after.network;
    return forbidden_change(with_defaults(before, settings_), with_defaults(after, settings_));
  }

  /// The list with our finalizer in it, where it has to be written. A paused Service gets none:
  /// there is nothing yet that a deletion would have to wait for.
  std::optional<std::vector<std::string>> missing_finalizer() const {
    auto all = finalizers_of_served(settings_, subject());
    if (all == subject().finalizers || subject().paused)
      return std::nullopt;
    return all;
  }

  /// What has to be written before `object` is claimed. The pool's name goes into an annotation of
  /// its own where the text, which is the user's, does not say it; a wrong one is put right always.
  patch_service missing(const configuration_object& object, std::optional<filling> fill) const {
    patch_service patch;
    patch.finalizers = missing_finalizer();
    const auto& said = subject().pool_annotation;
    const bool text_says_it = fill || !needs_generated_name(object_);
    if (said != *object.name && !(said.empty() && text_says_it))
      patch.pool_annotation = object.name;
    if (fill) {
      patch.config_annotation = render_configuration_object(fill->object);
      patch.restored_message = std::move(fill->restored);
    } else if (patch.pool_annotation && !said.empty() && !known_as_its_pool(input_, said)) {
      patch.restored_message = std::string{"the annotation \""} + pool_annotation_name
                               + "\" is written by dklb alone; it names \"" + *object.name
                               + "\" again, the pool of this Service: to use another one, set "
                                 "\"name\" in \""
                               + config_annotation_name + "\" of a new Service";
    }
    return patch;
  }

  service_step go_on(const configuration_object& object, std::optional<std::string> refused,
                     std::optional<filling> fill = std::nullopt) {
    auto part = make_claim(subject(), object);
    if (!part && !fill)
      return refuse({part.failure().message});
    if (refused)
      *refused += "; the pool \"" + object.name.value_or("") + "\" goes on as before: put the old "
                  + "value back, or delete the Service and create it again";
    auto patch = missing(object, std::move(fill));
    const bool writes = patch.finalizers || patch.config_annotation || patch.pool_annotation;
    if (subject().paused && !writes)
      return pause_service{paused_by()
                             + "nothing of it is provisioned, changed or removed until "
                               "the annotation is removed"
                             + (refused ? "; " + *refused : ""),
                           serves(settings_, subject()) ? part->claim : nullptr};
    if (!part || subject().paused)
      return patch;
    part->warnings.insert(part->warnings.begin(), warnings_.begin(), warnings_.end());
    part->refused_change = std::move(refused);
    if (!writes)
      return std::move(*part);
    patch.next = std::make_shared<const claim_pool_part>(std::move(*part));
    return patch;
  }

  const service_settings& settings_;
  const service_plan_input& input_;
  configuration_object object_;
  std::vector<std::string> warnings_;
};

} // namespace

bool same_for_plan(const service& left, const service& right, const pool_claim* claim) {
  const bool addresses_count = claim == nullptr || claim->creation == creation_strategy::once;
  return left.uid == right.uid && left.deleting == right.deleting && left.type == right.type
         && left.load_balancer_class == right.load_balancer_class && left.ports == right.ports
         && left.families == right.families && left.traffic == right.traffic
         && left.config_annotation == right.config_annotation
         && left.pool_annotation == right.pool_annotation && left.paused == right.paused
         && left.finalizers == right.finalizers
         && (!addresses_count || left.addresses.empty() == right.addresses.empty());
}

std::string removed_annotation_text() {
  return std::string{"the annotation \""} + config_annotation_name + "\" cannot be removed";
}

service_step plan_service(const service_settings& settings, const service_plan_input& input) {
  const auto& object = *input.object;
  if (needs_cleanup(settings, object) && object.paused)
    return pause_service{paused_by()
                           + "what it has in EdgeLB stays, and with it the Service's finalizer: "
                             "remove the annotation to have both removed",
                         nullptr};
  if (needs_cleanup(settings, object))
    return clean_up_service{};
  if (auto reason = foreign_reason(settings, object))
    return ignore_service{std::move(*reason)};
  if (object.deleting)
    return ignore_service{"the Service is being deleted"};
  auto problems = port_problems(settings, object);
  auto parsed = parse_configuration_object(object.config_annotation.value_or(""));
  if (!parsed)
    problems.push_back(parsed.failure().message);
  for (auto& problem :
       field_problems(settings, object, parsed ? parsed->object : configuration_object{}))
    problems.push_back(std::move(problem));
  if (const auto address = address_of(object, parsed ? parsed->object : configuration_object{});
      !address)
    problems.push_back(address.failure().message);
  if (!problems.empty())
    return refuse(problems);
  return planner{settings, input, std::move(*parsed)}.plan();
}

} // namespace dklb::domain
