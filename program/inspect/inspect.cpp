#include "program/inspect/inspect.hpp"

#include "domain/explanation/cluster_text.hpp"
#include "domain/explanation/leader.hpp"
#include "domain/explanation/service_text.hpp"
#include "domain/text/utf8.hpp"
#include "program/console.hpp"
#include "program/process.hpp"

#include <chrono>
#include <iostream>
#include <optional>
#include <sstream>
#include <string_view>
#include <utility>

namespace dklb::program {

namespace {

using domain::error_code;
using answer = domain::result<nlohmann::json>;

domain::error wrong_argument(std::string message) {
  return {error_code::invalid, std::move(message), {}, 0};
}

domain::page::moment present_time() {
  return std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now());
}

/// One command under way: its connections are made when they are needed.
class inspection {
public:
  inspection(const inspect_request& request, const inspect_surroundings& around)
    : request_(request), around_(around), now_(around.now()) {}

  int run() {
    switch (request_.command) {
    case inspect_command::explain:
      return explain();
    case inspect_command::services:
      return show(page("/services"), domain::services_as_table);
    case inspect_command::pools:
      return pools();
    case inspect_command::actors:
      return actors();
    case inspect_command::events:
      return events();
    case inspect_command::plan:
      return plan();
    }
    return exit_no_answer;
  }

  answer page(const std::string& path) {
    if (auto opened = open_pages(); !opened)
      return std::move(opened.failure());
    return pages_->read(path);
  }

private:
  using as_text = std::string (*)(const nlohmann::json&, domain::page::moment);

  /// The API server, which the current context of the kubeconfig names.
  domain::result<domain::unit> open_cluster() {
    if (cluster_.client)
      return domain::unit{};
    auto opened = connect_to_cluster(request_.place, around_.environment);
    if (!opened)
      return std::move(opened.failure());
    cluster_ = std::move(*opened);
    return domain::unit{};
  }

  domain::result<domain::unit> open_pages() {
    if (pages_)
      return domain::unit{};
    if (request_.place.url.empty())
      if (auto opened = open_cluster(); !opened)
        return opened;
    auto found = request_.place.url.empty()
                   ? dklb_pages::of_leader(request_.place, cluster_.client, now_)
                   : dklb_pages::at_url(request_.place);
    if (!found)
      return std::move(found.failure());
    if (!found->warning().empty())
      around_.errors << "warning: " << domain::visible(found->warning()) << "\n";
    pages_ = std::move(*found);
    return domain::unit{};
  }

  int fail(const domain::error& failure, int status = exit_no_answer) const {
    around_.errors << domain::visible(failure.message) << "\n";
    return status;
  }

  int fail(domain::error failure, const std::string& next_step) const {
    failure.message += next_step;
    return fail(failure);
  }

  bool as_json() const { return request_.output == "json"; }

  void print(const nlohmann::json& body) const {
    around_.out << body.dump(2, ' ', true, nlohmann::json::error_handler_t::replace) << "\n";
  }

  int show(const answer& body, as_text render) const {
    if (!body)
      return fail(body.failure(),
                  body.failure().code == error_code::not_found ? exit_unknown : exit_no_answer);
    if (as_json())
      print(*body);
    else
      around_.out << render(*body, now_);
    return exit_shown;
  }

  /// The Service that the command is about. A bare name is in the context's namespace.
  domain::result<domain::service_key> service() {
    if (request_.subject.find('/') == std::string::npos)
      if (auto opened = open_cluster(); !opened)
        return wrong_argument(request_.subject
                              + ": give NAMESPACE/NAME, because there is no "
                                "kubeconfig that names a namespace ("
                              + opened.failure().message + ")");
    auto found = domain::service_named(request_.subject, cluster_.name_space);
    if (!found)
      return wrong_argument("\"" + request_.subject
                            + "\" is no name of a Service: give NAMESPACE/NAME");
    return *std::move(found);
  }

  int explain() {
    const auto which = service();
    if (!which)
      return fail(which.failure());
    const auto body = page("/services/" + to_string(*which));
    if (!body && body.failure().code == error_code::not_found)
      return fail({error_code::not_found,
                   "dklb knows no Service " + to_string(*which)
                     + ": see that it exists and that its spec.type is LoadBalancer (kubectl -n "
                     + which->name_space + " get service " + which->name + ")",
                   {},
                   0},
                  exit_unknown);
    return show(body, domain::service_as_text);
  }

  int pools() {
    if (request_.subject.empty())
      return show(page("/pools"), domain::pools_as_table);
    if (!domain::is_object_name(request_.subject))
      return fail(wrong_argument("\"" + request_.subject + "\" is no name of a pool"));
    return show(page("/pools/" + request_.subject), domain::pool_as_text);
  }

  int actors() {
    constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyz_";
    if (request_.kind.find_first_not_of(letters) != std::string::npos)
      return fail(wrong_argument("\"" + request_.kind + "\" is no kind of actor"));
    return show(page("/actors" + (request_.kind.empty() ? "" : "?kind=" + request_.kind)),
                domain::actors_as_table);
  }

  int events() {
    const bool all = request_.subject.empty();
    if (auto opened = open_cluster(); !opened)
      return fail(opened.failure());
    auto space = cluster_.name_space;
    std::string about = "involvedObject.kind%3DService";
    if (!all) {
      const auto which = service();
      if (!which)
        return fail(which.failure());
      space = which->name_space;
      about += "%2CinvolvedObject.name%3D" + which->name;
    }
    if (!domain::is_object_name(space))
      return fail(wrong_argument("\"" + space + "\" is no name of a namespace"));
    const auto list = read_object(*cluster_.client,
                                  "/api/v1/namespaces/" + space + "/events?fieldSelector=" + about);
    if (!list)
      return fail(list.failure(),
                  list.failure().http_status == 403
                    ? "; ask for the ClusterRole dklb-viewer or view in namespace " + space
                    : "");
    const auto found = domain::events_of_dklb(*list);
    if (as_json())
      print(found);
    else
      around_.out << domain::events_as_table(found, all, now_);
    return exit_shown;
  }

  /// Each pool with what dklb would change in it now.
  answer pools_with_changes() {
    const auto list = page("/pools");
    if (!list)
      return list;
    auto out = nlohmann::json::array();
    for (const auto& item : *list) {
      const auto name = domain::page::text(item, "name");
      if (!domain::is_object_name(name))
        return domain::malformed("\"" + name + "\" is no name of a pool");
      auto one = page("/pools/" + name);
      if (!one && one.failure().code == error_code::not_found)
        continue; // it went meanwhile
      if (!one)
        return one;
      if (domain::page::text(*one, "action").empty())
        return wrong_argument("pool " + name + ": " + domain::page::text(*one, "actualError")
                              + ": its changes are not known; try again");
      out.push_back(std::move(*one));
    }
    return out;
  }

  int plan() {
    const auto pools = pools_with_changes();
    const auto services = pools ? page("/services") : pools;
    if (!services)
      return fail(services.failure(), exit_failed);
    const auto plan = domain::plan_of_pages(*pools, *services);
    if (as_json())
      print(plan);
    else
      around_.out << domain::plan_as_table(plan);
    return plan["pools"].empty() ? exit_no_change : exit_changes;
  }

  const inspect_request& request_;
  const inspect_surroundings& around_;
  domain::page::moment now_;
  cluster_connection cluster_;
  std::optional<dklb_pages> pages_;
};

} // namespace

int inspect(const inspect_request& request, const inspect_surroundings& around) {
  return inspection{request, around}.run();
}

int inspect(const inspect_request& request) {
  set_up_log({"warn", false});
  return inspect(request, {http::kube::process_environment(), std::cout, std::cerr, &present_time});
}

std::vector<std::string> subjects(const inspect_request& request,
                                  const http::kube::access_environment& environment) {
  std::ostringstream nowhere;
  const inspect_surroundings around{environment, nowhere, nowhere, &present_time};
  inspection asked{request, around};
  const bool of_pools = request.command == inspect_command::pools;
  const auto body = asked.page(of_pools ? "/pools" : "/services");
  std::vector<std::string> names;
  if (!body)
    return names;
  for (const auto& item : *body) {
    const auto name = domain::page::text(item, "name");
    const auto space = domain::page::text(item, "namespace");
    if (!name.empty() && (of_pools || !space.empty()))
      names.push_back(of_pools ? name : space + "/" + name);
  }
  return names;
}

} // namespace dklb::program
