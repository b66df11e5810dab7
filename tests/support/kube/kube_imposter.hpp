#pragma once

#include "tests/support/imposter.hpp"
#include "tests/support/kube/kube_rules.hpp"
#include "tests/support/kube/kube_store.hpp"
#include "tests/support/kube/kube_watches.hpp"

#include <nlohmann/json.hpp>

#include <string>
#include <vector>

namespace dklb::support {

/// An API server on loopback with real semantics. Resources: Services, Nodes, Events (both APIs),
/// Leases, ConfigMaps, webhook configurations. Lists in pages over a snapshot, watches, conflicts,
/// finalizers, status subresource, node ports. Public methods may be called from any thread.
class kube_imposter final : public imposter {
public:
  kube_imposter();
  ~kube_imposter() override;

  /// A kubeconfig for this server, over plain HTTP. For the label, see imposter::url.
  std::string kubeconfig(const std::string& client_label = {}) const;

  /// Write objects as a user or another controller does. They throw std::runtime_error with the
  /// server's message if it refuses the write.
  nlohmann::json create_service(nlohmann::json object);
  nlohmann::json patch_service(const std::string& name_space, const std::string& name,
                               const nlohmann::json& merge_patch);
  nlohmann::json patch_service_status(const std::string& name_space, const std::string& name,
                                      const nlohmann::json& merge_patch);
  /// The same with a strategic merge patch, as a controller adds a condition of its own.
  nlohmann::json merge_service_status(const std::string& name_space, const std::string& name,
                                      const nlohmann::json& strategic_patch);
  void delete_service(const std::string& name_space, const std::string& name);
  /// The object. Null if there is none.
  nlohmann::json service(const std::string& name_space, const std::string& name) const;
  std::size_t service_count() const;
  nlohmann::json create_node(const std::string& name, const std::string& address,
                             bool ready = true);
  void delete_node(const std::string& name);
  void patch_node(const std::string& name, const nlohmann::json& merge_patch);
  /// Any object of a served collection. Null if there is none.
  nlohmann::json object(const std::string& group_version, const std::string& plural,
                        const std::string& name_space, const std::string& name) const;
  nlohmann::json create_object(const std::string& group_version, const std::string& plural,
                               const std::string& name_space, const nlohmann::json& object);
  nlohmann::json patch_object(const std::string& group_version, const std::string& plural,
                              const std::string& name_space, const std::string& name,
                              const nlohmann::json& merge_patch);
  void delete_object(const std::string& group_version, const std::string& plural,
                     const std::string& name_space, const std::string& name);
  /// All Events of both APIs, oldest first.
  std::vector<nlohmann::json> events() const;
  /// The reasons of the Events about one object, oldest first.
  std::vector<std::string> event_reasons(const std::string& name_space,
                                         const std::string& name) const;

  std::string resource_version() const;
  /// Drops the history and all continue tokens. Requests with an older version are a 410.
  void compact();
  /// Sends a bookmark to every watch with bookmarks.
  void send_bookmarks();
  /// Closes all watches: cleanly, without the final chunk, or in the middle of a frame.
  void close_watches(watch_close how);
  /// Keeps open watches open, but sends nothing to them any more. New watches work.
  void silence_watches();
  std::size_t open_watches(const std::string& plural) const;
  /// The time when the last change of any object was sent to the watches.
  std::chrono::steady_clock::time_point last_told() const;
  /// Sends watch events in HTTP chunks of this many bytes. 0, the default: one chunk per event.
  void cut_events_into(std::size_t chunk_bytes);
  /// Sends these bytes, unchecked, to every watch of a collection.
  void send_raw(const std::string& plural, const std::string& bytes);
  /// Adds an item, unchecked, to the lists of a collection. Empty: none.
  void set_raw_list_item(const std::string& plural, const std::string& json_text);
  /// Supports `sendInitialEvents`. Off: 422, as from an older server.
  void stream_initial_lists(bool on);
  /// Stops serving a group, e.g. events.k8s.io/v1.
  void hide_group(const std::string& group_version);
  void set_node_port_range(int first, int last);

private:
  /// The resource and object of a path.
  struct route {
    const kube_resource* resource = nullptr;
    std::string name_space;
    std::string name;
    std::string sub;
  };
  struct page_snapshot {
    std::vector<kube_pointer> items;
    std::uint64_t version = 0;
  };
  request_meaning understand(const loopback_request& request) const override;
  std::optional<loopback_reply> serve(const loopback_request& request,
                                      const request_meaning& meaning, exchange answer) override;
  loopback_reply error_reply(int status, const std::string& message) const override;
  void ended(const log_entry& entry) override;

  route find_route(const std::string& path) const;
  loopback_reply serve_plain(const loopback_request& request) const;
  loopback_reply serve_collection(const loopback_request& request, const route& to);
  loopback_reply serve_object(const loopback_request& request, const route& to);
  loopback_reply serve_list(const loopback_request& request, const route& to);
  std::optional<page_snapshot> find_page(const loopback_request& request, const route& to) const;
  void send_initial(const watch_filter& filter, const exchange& answer) const;
  std::optional<loopback_reply> open_watch(const loopback_request& request, const route& to,
                                           exchange answer);
  const kube_resource& served(const std::string& group_version, const std::string& plural) const;
  nlohmann::json applied(const kube_result& outcome) const;

  kube_store store_;
  kube_watches watches_;
  std::shared_ptr<node_port_allocator> node_ports_ = std::make_shared<node_port_allocator>();
  std::map<std::string, page_snapshot> pages_; ///< by continue token, without the offset
  std::map<std::string, std::string> raw_items_;
  std::vector<std::string> hidden_groups_;
  std::size_t next_page_ = 1;
  bool initial_lists_ = false;
};

} // namespace dklb::support
