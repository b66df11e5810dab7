#include "actors/introspection/introspection.hpp"

#include "http/server/server.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <utility>

namespace dklb::actors {

using namespace messages;

namespace {

/// Everything is answered within a second, so each actor has a little less.
constexpr milliseconds patience{800};
constexpr const char* not_answering = "not answering";

view to_view(const nlohmann::json& body) {
  return {200, body.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n"};
}

view list_view(std::vector<nlohmann::json>& items) {
  std::sort(items.begin(), items.end(),
            [](const nlohmann::json& left, const nlohmann::json& right) {
              return left.value("key", "") < right.value("key", "");
            });
  return to_view(nlohmann::json(std::move(items)));
}

view missing_view(const std::string& what) {
  return {404, http::server::error_answer(404, what).body};
}

} // namespace

/// Answers that are still to come, and what happens when the last one is there.
struct introspection_state::collection {
  std::size_t missing = 0;
  std::vector<nlohmann::json> items;
  std::function<view(std::vector<nlohmann::json>&)> finish;
  promise answer;

  void add(const json_ptr& item) {
    if (item)
      items.push_back(*item);
    if (--missing == 0)
      answer.deliver(finish(items));
  }
};

/// The same for a stream, which gets each item by itself.
struct introspection_state::live_collection {
  std::size_t missing = 0;
  live_items found;
  live_promise answer;

  void add(const std::string& key, const json_ptr& item) {
    if (item)
      found.items.emplace_back(key, item);
    if (--missing == 0)
      answer.deliver(std::move(found));
  }
};

void introspection_state::start(runtime_ptr shared) {
  enlist(self_, std::move(shared), nullptr, "introspection", "");
}

std::shared_ptr<introspection_state::collection>
introspection_state::begin(std::size_t expected,
                           std::function<view(std::vector<nlohmann::json>&)> end) {
  auto out = std::make_shared<collection>();
  out->missing = expected;
  out->finish = std::move(end);
  out->answer = self_->make_response_promise<view>();
  if (expected == 0)
    out->answer.deliver(out->finish(out->items));
  return out;
}

void introspection_state::describe_one(const roster::entry& item, const receiver& answered) {
  nlohmann::json head{
    {"id", item.id}, {"kind", item.kind}, {"key", item.key}, {"restarts", item.restarts}};
  auto known = [head, answered](const actor_description& what) mutable {
    head["state"] = what.state;
    head["since"] = to_rfc3339(what.since);
    head["mailbox"] = what.mailbox;
    head["processed"] = what.processed;
    head["lastError"] = what.last_error;
    answered(std::make_shared<const nlohmann::json>(std::move(head)));
  };
  if (item.id == self_->id())
    return known(describe(self_));
  self_->request<caf::message_priority::high>(item.handle, patience, messages::describe{})
    .then(known, [head, answered](const caf::error& problem) mutable {
      // One that ended meanwhile is no live actor any more.
      if (problem != caf::sec::request_timeout)
        return answered(nullptr);
      head["state"] = not_answering;
      head["since"] = nullptr;
      head["mailbox"] = nullptr;
      head["processed"] = nullptr;
      head["lastError"] = "";
      answered(std::make_shared<const nlohmann::json>(std::move(head)));
    });
}

introspection_state::promise introspection_state::actors(const view_actors& what) {
  auto entries = run->actors->list();
  std::erase_if(entries, [&](const roster::entry& item) {
    return (!what.kind.empty() && what.kind != item.kind)
           || (!what.key.empty() && what.key != item.key);
  });
  auto into = begin(entries.size(), list_view);
  for (const auto& item : entries)
    describe_one(item, [into](const json_ptr& answer) { into->add(answer); });
  return into->answer;
}

template <class Handle>
void introspection_state::explain_one(const roster::entry& item, bool documents,
                                      const receiver& answered) {
  self_
    ->request<caf::message_priority::high>(caf::actor_cast<Handle>(item.handle), patience,
                                           messages::explain{documents})
    .then([answered](const explanation& what) { answered(what.body); },
          [answered, key = item.key](const caf::error& problem) {
            if (problem == caf::sec::request_timeout)
              answered(std::make_shared<const nlohmann::json>(
                nlohmann::json{{"name", key}, {"key", key}, {"state", not_answering}}));
            else
              answered(nullptr);
          });
}

template <class Handle>
introspection_state::promise introspection_state::explain_all(const char* kind,
                                                              const std::string& key) {
  auto entries = run->actors->list();
  std::erase_if(entries, [&](const roster::entry& item) {
    return std::string_view{item.kind} != kind || (!key.empty() && key != item.key);
  });
  const auto one = [kind, key](std::vector<nlohmann::json>& items) {
    return items.empty() ? missing_view(std::string{"no "} + kind + " \"" + key + "\" is known")
                         : to_view(items.front());
  };
  auto into = begin(entries.size(), key.empty() ? std::function{list_view} : std::function{one});
  for (const auto& item : entries)
    explain_one<Handle>(item, !key.empty(), [into](const json_ptr& answer) { into->add(answer); });
  return into->answer;
}

introspection_state::promise introspection_state::pools(const view_pools& what) {
  return explain_all<pool_actor>("pool", what.name);
}

introspection_state::promise introspection_state::services(const view_services& what) {
  return explain_all<service_actor>(
    "service", what.name.empty() ? std::string{} : what.name_space + "/" + what.name);
}

introspection_state::live_promise introspection_state::items(const view_items& what) {
  auto entries = run->actors->list();
  if (!what.kind.empty())
    std::erase_if(entries, [&](const roster::entry& item) {
      return what.kind != item.kind || (what.keys && !what.keys->contains(item.key));
    });
  auto into = std::make_shared<live_collection>();
  into->missing = entries.size();
  into->answer = self_->make_response_promise<live_items>();
  if (entries.empty())
    into->answer.deliver(live_items{});
  for (const auto& item : entries) {
    const auto key = what.kind.empty() ? std::to_string(item.id) : item.key;
    const auto answered = [into, key](const json_ptr& answer) { into->add(key, answer); };
    if (what.kind == "service")
      explain_one<service_actor>(item, false, answered);
    else if (what.kind == "pool")
      explain_one<pool_actor>(item, false, answered);
    else
      describe_one(item, answered);
  }
  return into->answer;
}

introspection_actor::behavior_type introspection(introspection_state::self_pointer self,
                                                 runtime_ptr run) {
  auto& state = self->state;
  state.start(std::move(run));
  return {
    [&state, self](const describe&) { return state.describe(self); },
    [&state](const view_actors& what) { return counted(state).actors(what); },
    [&state](const view_pools& what) { return counted(state).pools(what); },
    [&state](const view_services& what) { return counted(state).services(what); },
    [&state](const view_items& what) { return counted(state).items(what); },
  };
}

} // namespace dklb::actors
