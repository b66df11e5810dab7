#include "actors/service/intake.hpp"

#include "http/kube/codec.hpp"

#include <utility>

namespace dklb::actors {

using namespace messages;
using http::kube::reflector;
using http::kube::reflector_handler;
using http::kube::reflector_settings;

namespace {

/// A list or watch failed.
void note_trouble(const runtime& run, const char* source, const domain::error& failure) {
  if (failure.code == domain::error_code::cancelled)
    return; // our own end
  run.troubles->kubernetes_failed(source, failure);
}

class service_intake : public intake {
public:
  service_intake(std::shared_ptr<http::kube::client> client, runtime_ptr run,
                 service_watcher_actor watcher)
    : run_(std::move(run)), watcher_(std::move(watcher)),
      reflector_(std::move(client), settings(), handler()) {
    run_->watches->add("services", [this] { return reflector_.staleness(); });
    reflector_.start();
  }
  ~service_intake() override {
    run_->watches->remove("services");
    reflector_.stop();
  }

  void release() override { reflector_.release(1); }

private:
  reflector_settings settings() const {
    reflector_settings out;
    out.path = "/api/v1/services";
    out.streaming_list = true;
    out.high_water = [run = run_] {
      return static_cast<std::size_t>(run->concurrency().mailbox_limit);
    };
    return out;
  }

  reflector_handler handler() {
    reflector_handler out;
    out.on_object = [this](http::kube::json_view object) { observed(object); };
    out.on_deleted = [this](const http::kube::object_identity& object) {
      caf::anon_send(watcher_, service_vanished{{object.name_space, object.name}, object.uid});
    };
    out.on_synced = [this] { caf::anon_send(watcher_, intake_synced{}); };
    out.on_trouble = [this](const domain::error& failure, std::chrono::milliseconds) {
      note_trouble(*run_, "services", failure);
      caf::anon_send(watcher_, intake_troubled{failure.message});
    };
    out.on_watching = [this] { run_->troubles->works("services"); };
    out.on_malformed = [log = run_->log](const domain::error& failure) {
      log->warn("Services: skipped what is no Service: {}", failure.message);
    };
    return out;
  }

  void observed(http::kube::json_view object) {
    auto decoded = http::kube::decode_service(object);
    if (decoded) {
      caf::anon_send(
        watcher_, service_observed{std::make_shared<const domain::service>(std::move(*decoded))});
      return;
    }
    run_->log->warn("Services: skipped a malformed object: {}", decoded.failure().message);
    reflector_.release(1);
  }

  runtime_ptr run_;
  service_watcher_actor watcher_;
  reflector reflector_;
};

} // namespace

intake_factory make_service_intake(std::shared_ptr<http::kube::client> client, runtime_ptr run) {
  return [client = std::move(client), run = std::move(run)](service_watcher_actor watcher) {
    return std::make_unique<service_intake>(client, run, std::move(watcher));
  };
}

// -- nodes

/// Everything but start and stop happens on the engine's thread.
struct node_intake::implementation {
  implementation(std::shared_ptr<http::kube::client> client, runtime_ptr shared, listener tell_them)
    : run(std::move(shared)), tell(std::move(tell_them)),
      nodes(std::move(client), settings(), handler()) {}

  static reflector_settings settings() {
    reflector_settings out;
    out.path = "/api/v1/nodes";
    out.streaming_list = true;
    return out;
  }

  reflector_handler handler() {
    reflector_handler out;
    out.on_watching = [this] { run->troubles->works("nodes"); };
    out.on_object = [this](http::kube::json_view object) {
      if (auto node = http::kube::decode_node(object))
        update(known.seen(std::move(*node)));
      else
        run->log->warn("nodes: skipped a malformed object: {}", node.failure().message);
    };
    out.on_deleted = [this](const http::kube::object_identity& object) {
      update(known.gone(object.name));
    };
    out.on_synced = [this] { update(!std::exchange(listed, true)); };
    out.on_trouble = [this](const domain::error& failure, std::chrono::milliseconds) {
      note_trouble(*run, "nodes", failure);
    };
    return out;
  }

  /// The heartbeats of a thousand nodes change nothing.
  void update(bool changed) {
    if (listed && changed)
      tell(known.list());
  }

  runtime_ptr run;
  listener tell;
  domain::node_book known;
  bool listed = false;
  reflector nodes;
};

node_intake::node_intake(std::shared_ptr<http::kube::client> client, runtime_ptr run, listener tell)
  : implementation_(
    std::make_unique<implementation>(std::move(client), std::move(run), std::move(tell))) {
  implementation_->run->watches->add("nodes",
                                     [this] { return implementation_->nodes.staleness(); });
  implementation_->nodes.start();
}

node_intake::~node_intake() {
  implementation_->run->watches->remove("nodes");
  implementation_->nodes.stop();
}

} // namespace dklb::actors
