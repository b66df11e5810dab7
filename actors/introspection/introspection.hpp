#pragma once

#include "actors/base/base.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace dklb::actors {

/// State of the introspection actor. Sends requests to the live actors in the roster and collects
/// their answers. An actor without an answer in time is listed as "not answering", so a stuck actor
/// is visible and does not hide the others. The HTTP server's threads send it the view messages.
class introspection_state : public actor_base {
public:
  using self_pointer = messages::introspection_actor::stateful_pointer<introspection_state>;
  using promise = caf::typed_response_promise<messages::view>;
  using live_promise = caf::typed_response_promise<messages::live_items>;
  explicit introspection_state(self_pointer self) : self_(self) {}

  void start(runtime_ptr shared);
  promise actors(const messages::view_actors& what);
  promise pools(const messages::view_pools& what);
  promise services(const messages::view_services& what);
  live_promise items(const messages::view_items& what);

private:
  struct collection;
  struct live_collection;
  /// Takes the answer of an actor; null if the actor has ended.
  using receiver = std::function<void(const messages::json_ptr& answer)>;

  std::shared_ptr<collection>
  begin(std::size_t expected, std::function<messages::view(std::vector<nlohmann::json>&)> end);
  void describe_one(const roster::entry& item, const receiver& answered);
  template <class Handle>
  void explain_one(const roster::entry& item, bool documents, const receiver& answered);
  template <class Handle>
  promise explain_all(const char* kind, const std::string& key);

  self_pointer self_;
};

messages::introspection_actor::behavior_type introspection(introspection_state::self_pointer self,
                                                           runtime_ptr run);

} // namespace dklb::actors
