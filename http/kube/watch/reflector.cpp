#include "http/kube/watch/reflector.hpp"

#include "http/kube/json_reader.hpp"
#include "http/kube/watch/event_lines.hpp"
#include "http/kube/watch/flow_window.hpp"
#include "http/kube/watch/list_watch.hpp"
#include "http/kube/watch/list_watch_path.hpp"

#include <atomic>
#include <mutex>
#include <random>
#include <utility>

namespace dklb::http::kube {
namespace {

using domain::error_code;
using std::chrono::milliseconds;

milliseconds monotonic_now() {
  return std::chrono::duration_cast<milliseconds>(
    std::chrono::steady_clock::now().time_since_epoch());
}

list_watch_settings rules_of(const reflector_settings& settings) {
  list_watch_settings rules;
  rules.page_size = settings.page_size;
  rules.streaming = settings.streaming_list;
  rules.backoff.base = settings.backoff_base;
  rules.backoff.max = settings.backoff_max;
  return rules;
}

} // namespace

/// Everything but `heard_`, the window and the flags is touched on the engine's thread only, with
/// `gate_` held, so that stop() can wait for a handler that runs.
class reflector::implementation : public std::enable_shared_from_this<implementation> {
  /// A callback that does nothing once the reflector was stopped or is gone.
  template <class Action>
  auto guarded(Action action) {
    return [weak = weak_from_this(), action = std::move(action)](auto&&... arguments) mutable {
      const auto self = weak.lock();
      if (!self)
        return;
      const std::lock_guard gate(self->gate_);
      if (!self->stopped_)
        action(std::forward<decltype(arguments)>(arguments)...);
    };
  }

public:
  implementation(std::shared_ptr<client> used_client, reflector_settings settings,
                 reflector_handler handler)
    : client_(std::move(used_client)), settings_(std::move(settings)), handler_(std::move(handler)),
      rules_(rules_of(settings_)), random_(std::random_device{}()), window_(settings_.high_water),
      heard_(monotonic_now().count()) {}

  void start() {
    client_->engine().post(guarded([this] {
      if (!std::exchange(started_, true))
        run(rules_.first());
    }));
  }

  void stop() {
    const std::lock_guard gate(gate_);
    stopped_ = true;
    if (watch_)
      watch_->cancel();
    client_->engine().cancel_timer(timer_);
  }

  void release(std::size_t count) {
    window_.release(count);
    if (blocked_)
      client_->engine().post(guarded([this] { unblock(); }));
  }

  milliseconds staleness() const { return monotonic_now() - milliseconds{heard_.load()}; }

private:
  double random() { return std::uniform_real_distribution<double>{0.0, 1.0}(random_); }

  void heard() { heard_ = monotonic_now().count(); }

  void run(const list_watch_step& step) {
    if (step.delay.count() > 0) {
      timer_ = client_->engine().after(step.delay, guarded([this, step] {
                                         run({step.action, milliseconds{0}});
                                       }));
      return;
    }
    // Between two requests nothing is lost by waiting until the owner has caught up.
    if (window_.full()) {
      next_ = step;
      block();
      return;
    }
    if (step.action == list_watch_action::list)
      list();
    else
      watch(step.action == list_watch_action::stream);
  }

  void trouble(const domain::error& failure, const list_watch_step& step) {
    if (handler_.on_trouble)
      handler_.on_trouble(failure, step.delay);
    run(step);
  }

  void malformed(const domain::error& failure) {
    if (handler_.on_malformed)
      handler_.on_malformed(failure);
  }

  // Lists.

  void list() {
    const auto query = rules_.next_list();
    if (query.continue_token.empty())
      known_.begin_list();
    call what;
    what.path = list_path(settings_, query);
    what.timeout = settings_.list_timeout;
    what.list = true;
    what.retries = 0; // our own back-off obeys Retry-After
    client_->request_text(std::move(what), guarded([this](domain::result<std::string> page) {
                            page_received(std::move(page));
                          }));
  }

  void page_received(domain::result<std::string> text) {
    if (!text)
      return list_failed(text.failure());
    const auto page = parse_list(reader_, *text, [this](json_view item) {
      if (!stopped_)
        exists(item);
    });
    if (stopped_)
      return;
    if (!page)
      return list_failed(page.failure());
    heard();
    const auto step = rules_.page_received(*page);
    if (step.action != list_watch_action::list)
      synced();
    if (!stopped_)
      run(step);
  }

  void list_failed(const domain::error& failure) {
    trouble(failure, rules_.list_failed(failure, monotonic_now(), random()));
  }

  void synced() {
    for (const auto& gone : known_.finish_list()) {
      if (stopped_)
        return;
      tell_deleted(gone);
    }
    if (!stopped_ && handler_.on_synced)
      handler_.on_synced();
  }

  // Objects.

  void exists(json_view object) {
    const auto identity = identity_of(object);
    if (!identity)
      return malformed({error_code::malformed,
                        settings_.path + ": an object without a name or a uid was left out",
                        {},
                        0});
    if (const auto replaced = known_.seen(*identity))
      tell_deleted(*replaced);
    if (stopped_)
      return;
    window_.told();
    // An exception must not end the list or the watch for good.
    try {
      handler_.on_object(object);
    } catch (const std::exception& problem) {
      release(1);
      malformed({error_code::malformed,
                 settings_.path + ": " + identity->name_space + '/' + identity->name
                   + " was left out: " + problem.what(),
                 {},
                 0});
    }
  }

  void deleted(json_view object) {
    const auto identity = identity_of(object);
    if (!identity)
      return malformed({error_code::malformed,
                        settings_.path + ": a deleted object without a name or a uid was left out",
                        {},
                        0});
    if (known_.deleted(*identity))
      tell_deleted(*identity);
  }

  void tell_deleted(const object_identity& object) {
    window_.told();
    handler_.on_deleted(object);
  }

  // Watches.

  void watch(bool initial_events) {
    lines_ = event_lines{};
    events_ = 0;
    broken_.reset();
    opened_.reset();
    if (initial_events)
      known_.begin_list();
    const auto timeout = std::chrono::seconds{std::uniform_int_distribution<std::int64_t>{
      settings_.watch_timeout_min.count(), settings_.watch_timeout_max.count()}(random_)};
    stream_handler handler;
    handler.on_open = guarded([this](int /*status*/, const header_list& /*headers*/) {
      opened_ = monotonic_now();
      heard();
      if (handler_.on_watching)
        handler_.on_watching();
    });
    handler.on_data = guarded([this](std::string_view chunk) { received(chunk); });
    handler.on_close =
      guarded([this](domain::result<domain::unit> end) { closed(std::move(end)); });
    watch_ = client_->open_watch(
      watch_path(settings_, initial_events ? "" : rules_.version(), initial_events, timeout),
      std::move(handler), timeout + settings_.watch_grace);
  }

  void received(std::string_view chunk) {
    if (broken_)
      return;
    heard();
    const auto fed = lines_.feed(chunk, [this](std::string_view line) {
      line_received(line);
      return !stopped_ && !broken_;
    });
    if (!fed)
      broken_ = fed.failure();
    if (stopped_)
      return;
    if (broken_)
      watch_->cancel();
    else if (window_.full())
      block();
  }

  /// A line that is no JSON may hold any number of events, so only a list tells what is missing.
  void line_received(std::string_view line) {
    const auto text = reader_.read(line);
    if (!text) {
      broken_ = {error_code::malformed,
                 "WATCH " + settings_.path + ": a line is " + text.failure().message,
                 {},
                 0};
      return;
    }
    const auto event = read_watch_event(*text);
    if (event)
      return event_received(*event);
    ++events_;
    malformed(event.failure());
  }

  void event_received(const watch_event& event) {
    ++events_;
    switch (event.type) {
    case watch_event_type::added:
    case watch_event_type::modified:
      exists(event.object);
      break;
    case watch_event_type::deleted:
      deleted(event.object);
      break;
    case watch_event_type::error:
      broken_ = error_from_status(event.object);
      return;
    case watch_event_type::bookmark:
      break;
    }
    if (stopped_)
      return;
    rules_.version_seen(resource_version_of(event.object));
    if (event.type == watch_event_type::bookmark && ends_initial_events(event.object)
        && rules_.initial_events_ended())
      synced();
  }

  void closed(domain::result<domain::unit> end) {
    watch_.reset();
    const auto now = monotonic_now();
    if (broken_)
      return trouble(*broken_, rules_.watch_broken(*broken_, now, random()));
    if (!opened_)
      return refused(end, now);
    const auto step = rules_.watch_ended(now - *opened_, events_, now, random());
    if (end)
      heard();
    if (!end)
      trouble(end.failure(), step);
    else if (step.delay.count() > 0)
      trouble({error_code::unavailable, "WATCH " + settings_.path + ": ended at once", {}, 0},
              step);
    else
      run(step);
  }

  void refused(const domain::result<domain::unit>& end, milliseconds now) {
    const auto failure =
      end ? domain::error{error_code::transport, "WATCH " + settings_.path + ": no answer", {}, 0}
          : end.failure();
    const auto streamed = rules_.streams();
    const auto step = rules_.watch_refused(failure, now, random());
    if (streamed && !rules_.streams())
      return run(step); // no trouble: it is listed
    trouble(failure, step);
  }

  // Flow control.

  void block() {
    blocked_ = true;
    if (watch_)
      watch_->pause();
    // What was released between the look and the flag is not lost.
    unblock();
  }

  void unblock() {
    if (!blocked_ || !window_.drained())
      return;
    blocked_ = false;
    if (watch_)
      watch_->resume();
    if (const auto step = std::exchange(next_, std::nullopt))
      run(*step);
  }

  const std::shared_ptr<client> client_;
  const reflector_settings settings_;
  const reflector_handler handler_;
  std::recursive_mutex gate_;
  bool stopped_ = false; ///< guarded by gate_
  bool started_ = false;
  list_watch rules_;
  known_objects known_;
  std::mt19937_64 random_;
  handle_id timer_ = 0;
  std::shared_ptr<watch_stream> watch_;
  event_lines lines_;
  json_reader reader_;
  std::uint64_t events_ = 0;
  std::optional<domain::error> broken_; ///< why the watch that is open is given up
  std::optional<milliseconds> opened_;  ///< when the server agreed to the watch
  std::optional<list_watch_step> next_; ///< waits until the owner has caught up
  flow_window window_;
  std::atomic<bool> blocked_{false};
  std::atomic<milliseconds::rep> heard_;
};

reflector::reflector(std::shared_ptr<client> client, reflector_settings settings,
                     reflector_handler handler)
  : implementation_(
    std::make_shared<implementation>(std::move(client), std::move(settings), std::move(handler))) {}

reflector::~reflector() {
  stop();
}

void reflector::start() {
  implementation_->start();
}

void reflector::stop() {
  implementation_->stop();
}

void reflector::release(std::size_t count) {
  implementation_->release(count);
}

std::chrono::milliseconds reflector::staleness() const {
  return implementation_->staleness();
}

} // namespace dklb::http::kube
