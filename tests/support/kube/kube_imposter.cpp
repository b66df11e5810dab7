#include "tests/support/kube/kube_imposter.hpp"

#include <algorithm>
#include <stdexcept>

namespace dklb::support {

using nlohmann::json;

namespace {

std::vector<kube_resource> all_resources() {
  return {{"v1", "services", "Service", true, true},
          {"v1", "nodes", "Node", false, true},
          {"v1", "events", "Event", true, false},
          {"v1", "configmaps", "ConfigMap", true, false},
          {"v1", "namespaces", "Namespace", false, true},
          {"events.k8s.io/v1", "events", "Event", true, false},
          {"coordination.k8s.io/v1", "leases", "Lease", true, false},
          {"admissionregistration.k8s.io/v1", "mutatingwebhookconfigurations",
           "MutatingWebhookConfiguration", false, false},
          {"admissionregistration.k8s.io/v1", "validatingwebhookconfigurations",
           "ValidatingWebhookConfiguration", false, false}};
}

std::string reason_of(int code) {
  switch (code) {
  case 400:
    return "BadRequest";
  case 401:
    return "Unauthorized";
  case 403:
    return "Forbidden";
  case 404:
    return "NotFound";
  case 409:
    return "Conflict";
  case 410:
    return "Expired";
  case 422:
    return "Invalid";
  case 429:
    return "TooManyRequests";
  case 503:
    return "ServiceUnavailable";
  case 504:
    return "Timeout";
  default:
    return code >= 500 ? "InternalError" : "Unknown";
  }
}

} // namespace

kube_imposter::kube_imposter() : store_(all_resources()) {
  store_.set_rules("Service", service_rules(node_ports_));
  store_.set_rules("Event", event_rules());
  store_.on_change([this](const kube_change& change) {
    if (change.type == change_type::deleted && change.resource->kind == "Service") {
      for (const auto& port : change.object->value["spec"]["ports"])
        node_ports_->release(port.value("nodePort", 0));
    }
    watches_.tell(change);
    changed();
  });
  start();
}

kube_imposter::~kube_imposter() {
  shut_down();
}

std::string kube_imposter::kubeconfig(const std::string& client_label) const {
  return "apiVersion: v1\nkind: Config\ncurrent-context: imposter\n"
         "clusters:\n- name: imposter\n  cluster:\n    server: "
         + url(client_label)
         + "\ncontexts:\n- name: imposter\n  context:\n    cluster: imposter\n    user: imposter\n"
           "users:\n- name: imposter\n  user: {}\n";
}

const kube_resource& kube_imposter::served(const std::string& group_version,
                                           const std::string& plural) const {
  const auto* found = store_.resource(group_version, plural);
  if (found == nullptr)
    throw std::runtime_error("not served: " + group_version + " " + plural);
  return *found;
}

json kube_imposter::applied(const kube_result& outcome) const {
  if (const auto* failure = std::get_if<kube_failure>(&outcome))
    throw std::runtime_error(failure->message);
  return std::get<kube_pointer>(outcome)->value;
}

json kube_imposter::create_object(const std::string& group_version, const std::string& plural,
                                  const std::string& name_space, const json& object) {
  const auto lock = locked();
  return applied(store_.create(served(group_version, plural), name_space, object));
}

json kube_imposter::patch_object(const std::string& group_version, const std::string& plural,
                                 const std::string& name_space, const std::string& name,
                                 const json& merge_patch) {
  const auto lock = locked();
  return applied(
    store_.merge_patch(served(group_version, plural), name_space, name, merge_patch, false));
}

void kube_imposter::delete_object(const std::string& group_version, const std::string& plural,
                                  const std::string& name_space, const std::string& name) {
  const auto lock = locked();
  applied(store_.remove(served(group_version, plural), name_space, name));
}

json kube_imposter::object(const std::string& group_version, const std::string& plural,
                           const std::string& name_space, const std::string& name) const {
  const auto lock = locked();
  const auto found = store_.find(served(group_version, plural), name_space, name);
  return found ? found->value : json();
}

json kube_imposter::create_service(json object) {
  const auto name_space = object.at("metadata").value("namespace", "default");
  return create_object("v1", "services", name_space, object);
}

json kube_imposter::patch_service(const std::string& name_space, const std::string& name,
                                  const json& merge_patch) {
  return patch_object("v1", "services", name_space, name, merge_patch);
}

json kube_imposter::patch_service_status(const std::string& name_space, const std::string& name,
                                         const json& merge_patch) {
  const auto lock = locked();
  return applied(store_.merge_patch(served("v1", "services"), name_space, name, merge_patch, true));
}

json kube_imposter::merge_service_status(const std::string& name_space, const std::string& name,
                                         const json& strategic_patch) {
  const auto lock = locked();
  return applied(store_.strategic_merge_patch(served("v1", "services"), name_space, name,
                                              strategic_patch, true));
}

void kube_imposter::delete_service(const std::string& name_space, const std::string& name) {
  delete_object("v1", "services", name_space, name);
}

json kube_imposter::service(const std::string& name_space, const std::string& name) const {
  return object("v1", "services", name_space, name);
}

std::size_t kube_imposter::service_count() const {
  const auto lock = locked();
  return store_.size(served("v1", "services"));
}

json kube_imposter::create_node(const std::string& name, const std::string& address, bool ready) {
  return create_object(
    "v1", "nodes", {},
    {{"metadata", {{"name", name}}},
     {"status",
      {{"addresses",
        {{{"type", "InternalIP"}, {"address", address}},
         {{"type", "Hostname"}, {"address", name}}}},
       {"conditions", {{{"type", "Ready"}, {"status", ready ? "True" : "False"}}}}}}});
}

void kube_imposter::delete_node(const std::string& name) {
  delete_object("v1", "nodes", {}, name);
}

void kube_imposter::patch_node(const std::string& name, const json& merge_patch) {
  const auto lock = locked();
  const auto& nodes = served("v1", "nodes");
  applied(store_.merge_patch(nodes, {}, name, merge_patch, false));
  if (merge_patch.contains("status"))
    applied(store_.merge_patch(nodes, {}, name, merge_patch, true));
}

std::vector<json> kube_imposter::events() const {
  const auto lock = locked();
  std::vector<kube_pointer> all = store_.list(served("events.k8s.io/v1", "events"), {});
  const auto core = store_.list(served("v1", "events"), {});
  all.insert(all.end(), core.begin(), core.end());
  std::sort(all.begin(), all.end(), [](const kube_pointer& left, const kube_pointer& right) {
    return left->value["metadata"]["uid"] < right->value["metadata"]["uid"];
  });
  std::vector<json> out;
  for (const auto& event : all)
    out.push_back(event->value);
  return out;
}

std::vector<std::string> kube_imposter::event_reasons(const std::string& name_space,
                                                      const std::string& name) const {
  std::vector<std::string> reasons;
  for (const auto& event : events()) {
    const auto& about = event.contains("regarding") ? event["regarding"] : event["involvedObject"];
    if (about.value("namespace", "") == name_space && about.value("name", "") == name)
      reasons.push_back(event.value("reason", ""));
  }
  return reasons;
}

std::string kube_imposter::resource_version() const {
  const auto lock = locked();
  return std::to_string(store_.version());
}

void kube_imposter::compact() {
  const auto lock = locked();
  store_.compact();
  pages_.clear();
}

void kube_imposter::send_bookmarks() {
  const auto lock = locked();
  watches_.bookmark_all(store_.version());
}

void kube_imposter::close_watches(watch_close how) {
  const auto lock = locked();
  watches_.close(how);
}

void kube_imposter::silence_watches() {
  const auto lock = locked();
  watches_.silence();
}

std::size_t kube_imposter::open_watches(const std::string& plural) const {
  const auto lock = locked();
  return watches_.count(plural);
}

std::chrono::steady_clock::time_point kube_imposter::last_told() const {
  const auto lock = locked();
  return watches_.last_told();
}

void kube_imposter::cut_events_into(std::size_t chunk_bytes) {
  const auto lock = locked();
  watches_.cut_into(chunk_bytes);
}

void kube_imposter::send_raw(const std::string& plural, const std::string& bytes) {
  const auto lock = locked();
  watches_.send_raw(plural, bytes);
}

void kube_imposter::set_raw_list_item(const std::string& plural, const std::string& json_text) {
  const auto lock = locked();
  raw_items_[plural] = json_text;
}

void kube_imposter::stream_initial_lists(bool on) {
  const auto lock = locked();
  initial_lists_ = on;
}

void kube_imposter::hide_group(const std::string& group_version) {
  const auto lock = locked();
  hidden_groups_.push_back(group_version);
}

void kube_imposter::set_node_port_range(int first, int last) {
  const auto lock = locked();
  node_ports_->set_range(first, last);
}

loopback_reply kube_imposter::error_reply(int status, const std::string& message) const {
  loopback_reply reply;
  reply.status = status;
  reply.body = status_object({status, reason_of(status), message, {}}).dump();
  return reply;
}

void kube_imposter::ended(const log_entry& entry) {
  if (entry.meaning.verb == "watch")
    watches_.forget(entry.exchange_id);
}

} // namespace dklb::support
