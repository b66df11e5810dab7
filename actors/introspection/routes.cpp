#include "actors/introspection/routes.hpp"

#include "domain/base/host_header.hpp"
#include "domain/text/utf8.hpp"

#include <caf/scoped_actor.hpp>
#include <nlohmann/json.hpp>

#include <chrono>
#include <optional>
#include <semaphore>
#include <utility>
#include <vector>

namespace dklb::actors {

using namespace messages;
using http::server::error_answer;
using http::server::incoming;
using http::server::outgoing;

namespace {

constexpr std::chrono::milliseconds patience{950};

/// So many pages may wait for actors at the same time. The server has more threads than that, so a
/// health check never waits behind them.
constexpr std::ptrdiff_t most_views = 16;
constexpr const char* introspection_kind = "introspection";

/// Asks an actor from a server thread; nothing where it does not answer in time.
template <class Answer, class Handle, class Question>
std::optional<Answer> ask(caf::actor_system& system, const Handle& whom, Question question) {
  std::optional<Answer> out;
  if (!whom)
    return out;
  caf::scoped_actor self{system};
  self->request<caf::message_priority::high>(whom, patience, std::move(question))
    .receive([&](Answer& answer) { out = std::move(answer); }, [](const caf::error&) {});
  return out;
}

struct check {
  std::string name;
  bool passed = false;
  std::string detail;
};

/// `ok`, or 503 with the failing checks; `?verbose` lists all of them, and then the notes.
outgoing check_answer(const std::vector<check>& checks, bool verbose,
                      const std::vector<std::string>& notes = {}) {
  std::string text;
  bool passed = true;
  for (const auto& item : checks) {
    passed = passed && item.passed;
    if (item.passed && !verbose)
      continue;
    text += (item.passed ? "[+] " : "[-] ") + item.name + (item.passed ? " ok" : " failed");
    if (!item.detail.empty())
      text += ": " + domain::visible(item.detail);
    text += "\n";
  }
  if (verbose)
    for (const auto& note : notes)
      text += domain::visible(note) + "\n";
  if (passed)
    text += "ok\n";
  return {passed ? 200 : 503, "text/plain; charset=utf-8", text};
}

std::string trouble_of(const std::vector<trouble>& troubles, const std::string& source) {
  for (const auto& item : troubles)
    if (item.source == source)
      return item.message;
  return {};
}

/// What fails now and how long the watches have been silent.
std::vector<std::string> notes_of(const runtime& run, const std::vector<trouble>& troubles) {
  std::vector<std::string> out;
  for (const auto& item : troubles)
    out.push_back("[!] " + item.source + ": " + item.message);
  for (const auto& [name, age] : run.watches->list())
    out.push_back("[i] watch of " + name + ": last heard of "
                  + std::to_string(std::chrono::duration_cast<std::chrono::seconds>(age).count())
                  + "s ago");
  return out;
}

/// Gives a place among the views back.
struct slot {
  std::counting_semaphore<>& views;
  explicit slot(std::counting_semaphore<>& taken) : views(taken) {}
  slot(const slot&) = delete;
  slot& operator=(const slot&) = delete;
  ~slot() { views.release(); }
};

class routes {
public:
  explicit routes(route_settings settings) : settings_(std::move(settings)) {}

  outgoing operator()(const incoming& what) const {
    // A page of somebody else's, whose name was made to lead here (DNS rebinding), reads nothing.
    if (!domain::is_own_host(what.host, settings_.host_names))
      return error_answer(421, "the Host header \"" + what.host
                                 + "\" is not a name of this server; use its address, or add the "
                                   "name to http.allowedHosts");
    if (what.path == "/healthz" || what.path == "/livez")
      return live(what);
    if (what.path == "/readyz")
      return ready(what);
    if (what.path == "/config")
      return {200, "application/json", settings_.config};
    if (what.path == "/metrics")
      return {200, "text/plain; version=0.0.4; charset=utf-8", settings_.metrics()};
    if (what.path == "/actors")
      return show(view_actors{what.query("kind"), what.query("key")});
    if (what.path == "/pools")
      return show(view_pools{});
    if (what.path == "/services")
      return show(view_services{});
    return item(what.path);
  }

private:
  outgoing item(const std::string& path) const {
    const auto rest_of = [&](const std::string& prefix) {
      return path.starts_with(prefix) ? path.substr(prefix.size()) : std::string{};
    };
    if (auto name = rest_of("/pools/"); !name.empty() && name.find('/') == std::string::npos)
      return show(view_pools{std::move(name)});
    const auto key = rest_of("/services/");
    const auto slash = key.find('/');
    if (slash != std::string::npos && slash > 0 && slash + 1 < key.size()
        && key.find('/', slash + 1) == std::string::npos)
      return show(view_services{key.substr(0, slash), key.substr(slash + 1)});
    return error_answer(404, "no such path: " + path);
  }

  template <class Question>
  outgoing show(Question question) const {
    if (!views_->try_acquire())
      return error_answer(503, "too many pages are asked for at once; try again");
    const slot taken{*views_};
    const auto introspection =
      caf::actor_cast<introspection_actor>(settings_.run->actors->find(introspection_kind));
    auto answer = ask<view>(*settings_.system, introspection, std::move(question));
    if (!answer)
      return error_answer(503, "the introspection actor does not answer");
    return {answer->status, "application/json", std::move(answer->body)};
  }

  outgoing live(const incoming& what) const {
    const auto known = health_now();
    const auto stuck = settings_.renewal_overdue && settings_.renewal_overdue();
    const bool explains = settings_.run->actors->find(introspection_kind) != nullptr;
    return check_answer(
      {{"supervisor", known.has_value(), known ? "" : "does not answer"},
       {"introspection", explains, explains ? "" : "has failed and does not run"},
       {"leader election", !stuck, stuck ? "the lease was not renewed for too long" : ""}},
      what.has_query("verbose"));
  }

  outgoing ready(const incoming& what) const {
    const auto known = health_now();
    const auto troubles = settings_.run->troubles->list();
    const auto notes = notes_of(*settings_.run, troubles);
    if (!known)
      return check_answer({{"supervisor", false, "does not answer"}}, true, notes);
    const auto detail = [&](bool good, const char* source) {
      return good ? std::string{} : trouble_of(troubles, source);
    };
    std::vector<check> checks{
      {"supervisor", true, ""},
      {"services", known->services_listed, detail(known->services_listed, "services")},
      {"edgelb", known->inventory_read, detail(known->inventory_read, "edgelb")}};
    // Without a certificate dklb does not start; one that was loaded stays until a better one is
    // there.
    if (settings_.certificate_trouble)
      checks.push_back({"webhook-certificate", true, settings_.certificate_trouble()});
    return check_answer(checks, what.has_query("verbose"), notes);
  }

  std::optional<health> health_now() const {
    return ask<health>(*settings_.system, settings_.supervisor, check_health{});
  }

  route_settings settings_;
  std::shared_ptr<std::counting_semaphore<>> views_ =
    std::make_shared<std::counting_semaphore<>>(most_views);
};

} // namespace

std::string render_live_config(const domain::config& settings) {
  return nlohmann::json{{"loadedAt", to_rfc3339(std::chrono::system_clock::now())},
                        {"config", domain::config_to_json(settings)},
                        {"rejected", nullptr}}
           .dump(2, ' ', false, nlohmann::json::error_handler_t::replace)
         + "\n";
}

http::server::handler make_routes(route_settings settings) {
  return routes{std::move(settings)};
}

} // namespace dklb::actors
