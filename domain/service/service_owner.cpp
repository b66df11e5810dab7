#include "domain/service/service_owner.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <utility>

namespace dklb::domain {

namespace {

constexpr std::string_view finalizer_prefix = "kubernetes.dcos.io/";
constexpr std::string_view class_mark = "dklb.";

/// The part of a finalizer behind the slash holds 63 characters. A name that is not cut has one
/// less, so that it is never that of another class cut.
constexpr std::size_t longest_name = 63;

/// `/` as `_`. A class without a slash has its `_` doubled, and no name behind a slash begins with
/// one, so that the text tells which of the two it was.
std::string class_as_name(std::string_view load_balancer_class) {
  const auto prefixed = load_balancer_class.find('/') != std::string_view::npos;
  std::string out;
  for (const char character : load_balancer_class) {
    out += character == '/' ? '_' : character;
    if (character == '_' && !prefixed)
      out += '_';
  }
  return out;
}

/// Ten hexadecimal digits (FNV-1a), the same for ever.
std::string short_hash(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (const char character : text)
    hash = (hash ^ static_cast<unsigned char>(character)) * 0x100000001b3U;
  std::string out;
  for (int digit = 0; digit < 10; ++digit, hash >>= 4U)
    out += "0123456789abcdef"[hash & 0xfU];
  return out;
}

bool is_of_a_dklb(std::string_view finalizer) {
  constexpr std::string_view common = finalizer_name;
  return finalizer.starts_with(common)
         && (finalizer.size() == common.size() || finalizer[common.size()] == '.');
}

/// Versions before the finalizers of classes wrote `finalizer_name` whatever their class was. On a
/// Service that names our class it is from such a version with our class: the dklb of the default
/// class takes no Service that names another one.
bool written_by_our_former_version(const service_settings& settings, const service& service,
                                   std::string_view finalizer) {
  return finalizer == finalizer_name && !service.reclassed
         && service.load_balancer_class == settings.load_balancer_class;
}

bool is_ours(const service_settings& settings, const service& service, std::string_view finalizer) {
  return finalizer == finalizer_of(settings.load_balancer_class)
         || written_by_our_former_version(settings, service, finalizer);
}

/// The finalizer that says who serves the Service; null where none does.
const std::string* server_of(const service& service) {
  const auto& all = service.finalizers;
  const auto found = std::ranges::find_if(all, is_of_a_dklb);
  return found == all.end() ? nullptr : &*found;
}

/// Why the Service could not be ours whoever serves it; nothing where it could.
std::optional<std::string> foreign_kind(const service_settings& settings, const service& service) {
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

} // namespace

std::string finalizer_of(std::string_view load_balancer_class) {
  if (load_balancer_class == default_load_balancer_class)
    return finalizer_name;
  auto name = std::string{class_mark} + class_as_name(load_balancer_class);
  if (name.size() >= longest_name) {
    const auto hash = "-" + short_hash(load_balancer_class);
    name = name.substr(0, longest_name - hash.size()) + hash;
  }
  return std::string{finalizer_prefix} + name;
}

bool reclassed(const service* before, const service& now) {
  return before != nullptr && before->uid == now.uid && server_of(now) != nullptr
         && (before->reclassed || before->load_balancer_class != now.load_balancer_class);
}

std::optional<std::string> other_server(const service_settings& settings, const service& service) {
  const auto* server = server_of(service);
  return server == nullptr || is_ours(settings, service, *server) ? std::nullopt
                                                                  : std::optional{*server};
}

std::optional<std::string> foreign_reason(const service_settings& settings,
                                          const service& service) {
  if (auto reason = foreign_kind(settings, service))
    return reason;
  if (const auto other = other_server(settings, service))
    return "another dklb serves the Service, as its finalizer \"" + *other
           + "\" says; this dklb takes it once that finalizer is gone";
  return std::nullopt;
}

bool wanted(const service_settings& settings, const service& service) {
  return !service.deleting && !foreign_reason(settings, service);
}

bool serves(const service_settings& settings, const service& service) {
  return server_of(service) != nullptr && !other_server(settings, service);
}

bool needs_cleanup(const service_settings& settings, const service& service) {
  return serves(settings, service) && !wanted(settings, service);
}

bool followed(const service& service) {
  return service.type == "LoadBalancer" || server_of(service) != nullptr;
}

std::vector<std::string> finalizers_of_served(const service_settings& settings,
                                              const service& service) {
  const auto ours = finalizer_of(settings.load_balancer_class);
  auto all = finalizers_of_released(settings, service);
  const auto place = std::ranges::find_if(
    service.finalizers, [&](const auto& item) { return is_ours(settings, service, item); });
  // Where it stands already: the others keep their order.
  all.insert(
    all.begin()
      + (place == service.finalizers.end() ? std::ssize(all) : place - service.finalizers.begin()),
    ours);
  return all;
}

std::vector<std::string> finalizers_of_released(const service_settings& settings,
                                                const service& service) {
  auto all = service.finalizers;
  std::erase_if(all, [&](const auto& item) { return is_ours(settings, service, item); });
  return all;
}

std::vector<other_server_notice> other_server_notices(const service_settings& settings,
                                                      const std::vector<const service*>& services) {
  constexpr std::size_t most_names = 10;
  std::map<std::pair<std::string, bool>, std::vector<std::string>> found;
  for (const auto* object : services)
    if (auto other = other_server(settings, *object))
      found[{std::move(*other), !foreign_kind(settings, *object)}].push_back(
        to_string(object->key));
  std::vector<other_server_notice> out;
  for (auto& [server, names] : found) {
    const auto& [finalizer, ours_but_for_it] = server;
    std::ranges::sort(names);
    std::string text =
      "left alone, because they carry the finalizer " + finalizer + " of another dklb: ";
    for (std::size_t i = 0; i < std::min(names.size(), most_names); ++i)
      text += (i == 0 ? "" : ", ") + names[i];
    if (names.size() > most_names)
      text += " and " + std::to_string(names.size() - most_names) + " more";
    if (ours_but_for_it)
      text += "; they would be served here otherwise. If no dklb of that class runs any more, hand "
              "them over (docs/operations.md, \"Change the class\")";
    out.push_back({ours_but_for_it, std::move(text)});
  }
  return out;
}

} // namespace dklb::domain
