#include "actors/introspection/streams.hpp"

#include "actors/introspection/ask.hpp"
#include "actors/introspection/live_view.hpp"

#include <nlohmann/json.hpp>

#include <semaphore>
#include <set>
#include <string_view>
#include <utility>

namespace dklb::actors {

using namespace messages;
using http::server::event_sink;
using http::server::outgoing;

namespace {

/// Reads from the introspection actor. Empty if it does not answer.
std::optional<live_items> read_items(caf::actor_system& system, const runtime& run,
                                     view_items what) {
  const auto introspection =
    caf::actor_cast<introspection_actor>(run.actors->find("introspection"));
  return ask_from_outside<live_items>(system, introspection, std::move(what));
}

/// An item on one line. The transitions of a Service and the messages that an actor has handled
/// stay on the pages: the former are long, and the latter change with each question.
std::string line_of(const std::string& key, const nlohmann::json& body) {
  nlohmann::json out{{"key", key}};
  for (const auto& [name, value] : body.items()) {
    if (name == "timeline" && !value.empty())
      out["since"] = value.back().at("at");
    else if (name == "key")
      out["name"] = value;
    else if (name != "timeline" && name != "processed" && name != "uid")
      out[name] = value;
  }
  return out.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

/// Services or pools: all at first, then those that may have changed.
class explained {
public:
  explained(caf::actor_system& system, runtime_ptr run, std::string kind)
    : system_(system), run_(std::move(run)), kind_(std::move(kind)) {}

  std::optional<live_view::reading> read(bool first) const {
    if (first)
      run_->actors->watch(kind_);
    const auto keys = run_->actors->take_changes(kind_);
    live_view::reading out{first, {}};
    if (!first && keys.empty())
      return out;
    auto answer =
      read_items(system_, *run_,
                 {kind_, first ? nullptr : std::make_shared<const std::set<std::string>>(keys)});
    if (!answer) {
      note(keys);
      return std::nullopt;
    }
    auto missing = keys;
    for (const auto& [key, body] : answer->items) {
      out.items.push_back({key, line_of(key, *body)});
      missing.erase(key);
      // It says nothing when it can answer again.
      if (body->value("state", "") == "not answering")
        note({key});
    }
    if (!first)
      for (const auto& key : missing)
        out.items.push_back({key, std::nullopt});
    return out;
  }
  void end() const { run_->actors->unwatch(kind_); }

private:
  /// They are read again the next time.
  void note(const std::set<std::string>& keys) const {
    for (const auto& key : keys)
      run_->actors->changed(kind_, key);
  }

  caf::actor_system& system_;
  runtime_ptr run_;
  std::string kind_;
};

live_view::source explanations(caf::actor_system& system, const runtime_ptr& run,
                               const char* kind) {
  const auto from = std::make_shared<const explained>(system, run, kind);
  return {[from](bool first) { return from->read(first); }, [from] { from->end(); }};
}

/// All actors each time: a message that waits for an actor changes nothing that could be noted.
live_view::source descriptions(caf::actor_system& system, runtime_ptr run) {
  return {[&system, run = std::move(run)](bool) -> std::optional<live_view::reading> {
    const auto answer = read_items(system, *run, {});
    if (!answer)
      return std::nullopt;
    live_view::reading out{true, {}};
    for (const auto& [key, body] : answer->items)
      out.items.push_back({key, line_of(key, *body)});
    return out;
  }};
}

} // namespace

struct streams::shared {
  shared(caf::actor_system& system, const runtime_ptr& run)
    : services(explanations(system, run, "service")), pools(explanations(system, run, "pool")),
      actors(descriptions(system, run)) {}

  live_view& view_of(stream_page page) {
    switch (page) {
    case stream_page::services:
      return services;
    case stream_page::pools:
      return pools;
    case stream_page::actors:
      break;
    }
    return actors;
  }

  live_view services;
  live_view pools;
  live_view actors;
  std::counting_semaphore<> free{most};
};

streams::streams(caf::actor_system& system, runtime_ptr run)
  : shared_(std::make_shared<shared>(system, run)) {}

outgoing streams::open(stream_page page, std::string last_id) const {
  if (!shared_->free.try_acquire())
    return http::server::error_answer(503,
                                      "too many streams are open (" + std::to_string(most)
                                        + "); close one, or ask for the page without \"watch\"");
  // Belongs to the response, which may end before it begins.
  const std::shared_ptr<void> place{nullptr, [all = shared_](void*) { all->free.release(); }};
  outgoing out;
  out.content_type = "text/event-stream";
  out.headers = {{"Cache-Control", "no-store"}};
  out.events = [all = shared_, page, place, id = std::move(last_id)](event_sink& client) {
    all->view_of(page).serve(client, id);
  };
  return out;
}

} // namespace dklb::actors
