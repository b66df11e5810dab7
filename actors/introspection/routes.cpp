#include "actors/introspection/routes.hpp"

#include "actors/introspection/ask.hpp"
#include "actors/introspection/page.hpp"
#include "actors/introspection/streams.hpp"
#include "domain/base/host_header.hpp"
#include "domain/text/utf8.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <map>
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

/// So many pages may wait for actors at the same time. The server has more threads than that, so a
/// health check never waits behind them.
constexpr std::ptrdiff_t most_views = 16;
constexpr const char* introspection_kind = "introspection";

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

/// The parameters that a path takes. The page of one Service or pool takes none.
const std::map<std::string, std::vector<std::string>, std::less<>> parameters_of{
  {"/", {}},
  {"/actors", {"key", "kind", "watch"}},
  {"/config", {}},
  {"/healthz", {"verbose"}},
  {"/livez", {"verbose"}},
  {"/metrics", {}},
  {"/pools", {"watch"}},
  {"/readyz", {"verbose"}},
  {"/services", {"watch"}},
};

/// What is wrong with the query of a request, if anything is.
std::optional<std::string> query_mistake(const incoming& what) {
  const auto known = parameters_of.find(what.path);
  if (known == parameters_of.end() && !what.path.starts_with("/services/")
      && !what.path.starts_with("/pools/"))
    return std::nullopt; // there is no such path, which is said elsewhere
  const auto& asked = what.parameters;
  for (const auto& name : asked)
    if (known == parameters_of.end()
        || std::ranges::find(known->second, name) == known->second.end())
      return "the query parameter \"" + name + "\" is not known here";
  if (const auto twice = std::ranges::adjacent_find(asked); twice != asked.end())
    return "the query parameter \"" + *twice + "\" is given twice";
  if (!what.has_query("watch"))
    return std::nullopt;
  if (what.query("watch") != "1")
    return "\"watch\" takes the value 1 only";
  if (asked.size() > 1)
    return "a watched page takes no filter: leave out all parameters but \"watch\"";
  return std::nullopt;
}

class routes {
public:
  explicit routes(route_settings settings)
    : settings_(std::move(settings)), streams_(*settings_.system, settings_.run) {}

  outgoing operator()(const incoming& what) const {
    // A page of somebody else's, whose name was made to lead here (DNS rebinding), reads nothing.
    if (!domain::is_own_host(what.host, settings_.host_names))
      return error_answer(421, "the Host header \"" + what.host
                                 + "\" is not a name of this server; use its address, or add the "
                                   "name to http.allowedHosts");
    if (const auto mistake = query_mistake(what))
      return error_answer(400, *mistake);
    auto out = answer(what);
    // Nothing of this is for another page, and what is JSON is no script.
    out.headers.emplace_back("X-Content-Type-Options", "nosniff");
    out.headers.emplace_back("Cross-Origin-Resource-Policy", "same-origin");
    return out;
  }

private:
  outgoing answer(const incoming& what) const {
    if (what.path == "/")
      return page();
    if (what.path == "/healthz" || what.path == "/livez")
      return live(what);
    if (what.path == "/readyz")
      return ready(what);
    if (what.path == "/config")
      return {200, "application/json", settings_.config()};
    if (what.path == "/metrics")
      return {200, "text/plain; version=0.0.4; charset=utf-8", settings_.metrics()};
    if (what.path == "/actors")
      return list(stream_page::actors, what, view_actors{what.query("kind"), what.query("key")});
    if (what.path == "/pools")
      return list(stream_page::pools, what, view_pools{});
    if (what.path == "/services")
      return list(stream_page::services, what, view_services{});
    return item(what.path);
  }

  /// A page, once or as a stream.
  template <class Question>
  outgoing list(stream_page which, const incoming& what, Question question) const {
    return what.has_query("watch") ? streams_.open(which, what.last_event_id)
                                   : show(std::move(question));
  }

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
    auto answer = ask_from_outside<view>(*settings_.system, introspection, std::move(question));
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
    return ask_from_outside<health>(*settings_.system, settings_.supervisor, check_health{});
  }

  route_settings settings_;
  streams streams_;
  std::shared_ptr<std::counting_semaphore<>> views_ =
    std::make_shared<std::counting_semaphore<>>(most_views);
};

} // namespace

http::server::handler make_routes(route_settings settings) {
  return routes{std::move(settings)};
}

} // namespace dklb::actors
