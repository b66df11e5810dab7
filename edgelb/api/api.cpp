#include "edgelb/api/api.hpp"

#include <dklb/version.hpp>

#include <string_view>

namespace dklb::edgelb {
namespace {

constexpr std::string_view pools_path = "/v2/pools";

std::string dump(const document& value) {
  return value.dump(-1, ' ', false, document::error_handler_t::replace);
}

api_answer text_answer(std::string text, int status = 200) {
  return {status, "text/plain", std::move(text)};
}

api_answer from(const domain::error& problem) {
  return error_answer(problem.http_status == 0 ? 500 : problem.http_status, problem.message);
}

api_answer from(const domain::result<document>& outcome) {
  if (!outcome)
    return from(outcome.failure());
  return {200, "application/json", dump(*outcome)};
}

api_answer not_allowed(const api_call& call) {
  return error_answer(405, call.method + " is not possible on " + call.path);
}

api_answer no_pool(const std::string& name) {
  return error_answer(404, "there is no pool \"" + name + "\"");
}

document all_pools(const reconciler& pools) {
  auto list = document::array();
  for (const auto& view : pools.list())
    list.push_back(view->pool);
  return list;
}

api_answer change(const api_call& call, const std::function<api_answer(document)>& act) {
  auto given = parse_document(call.body, "the body");
  return given ? act(std::move(*given)) : from(given.failure());
}

api_answer answer_pools(reconciler& pools, const api_call& call) {
  if (call.method == "GET")
    return {200, "application/json", dump(all_pools(pools))};
  if (call.method != "POST")
    return not_allowed(call);
  return change(call, [&](document given) { return from(pools.create(std::move(given))); });
}

api_answer answer_pool(reconciler& pools, const api_call& call, const std::string& name) {
  if (call.method == "GET") {
    const auto view = pools.find(name);
    return view ? api_answer{200, "application/json", dump(view->pool)} : no_pool(name);
  }
  if (call.method == "PUT")
    return change(call,
                  [&](document given) { return from(pools.replace(name, std::move(given))); });
  if (call.method != "DELETE")
    return not_allowed(call);
  const auto removed = pools.remove(name);
  return removed ? api_answer{204, "application/json", ""} : from(removed.failure());
}

api_answer answer_metadata(const reconciler& pools, const std::string& name) {
  const auto view = pools.find(name);
  if (!view)
    return no_pool(name);
  if (!view->metadata)
    return error_answer(504, "it is not known yet where the pool \"" + name + "\" can be reached"
                               + (view->waits_because.empty() ? "" : ": " + view->waits_because));
  return {200, "application/json", dump(*view->metadata)};
}

api_answer answer_configuration(const reconciler& pools, const std::string& name) {
  const auto view = pools.find(name);
  if (!view)
    return text_answer("there is no pool \"" + name + "\"\n", 404);
  if (view->configuration.empty())
    return text_answer("no instance of the pool \"" + name + "\" has a place yet\n", 504);
  return text_answer(view->configuration);
}

/// The paths under /v2/pools/: a pool, or a part of one.
api_answer answer_below(reconciler& pools, const api_call& call, const std::string& rest) {
  const auto slash = rest.find('/');
  const auto name = rest.substr(0, slash);
  if (slash == std::string::npos)
    return answer_pool(pools, call, name);
  const auto part = rest.substr(slash + 1);
  if (part != "metadata" && part != "lbconfig")
    return error_answer(404, "there is nothing at " + call.path);
  if (call.method != "GET")
    return not_allowed(call);
  return part == "metadata" ? answer_metadata(pools, name) : answer_configuration(pools, name);
}

/// The routes with GET only.
api_answer answer_plain(const reconciler& pools, const api_call& call) {
  if (call.path == "/ping")
    return text_answer("pong");
  if (call.path == "/version")
    return text_answer(dklb::version);
  if (call.path == "/healthz")
    return text_answer("ok");
  return {200, "application/json", dump({{"pools", all_pools(pools)}})};
}

} // namespace

api_answer error_answer(int status, const std::string& message) {
  return {status, "application/json", dump({{"code", status}, {"message", message}})};
}

api_answer answer_call(reconciler& pools, const api_call& call) {
  for (const std::string_view path : {"/ping", "/version", "/healthz", "/v2/config"}) {
    if (call.path == path)
      return call.method == "GET" ? answer_plain(pools, call) : not_allowed(call);
  }
  if (call.path == pools_path)
    return answer_pools(pools, call);
  const auto below = std::string(pools_path) + "/";
  if (call.path.rfind(below, 0) == 0 && call.path.size() > below.size())
    return answer_below(pools, call, call.path.substr(below.size()));
  return error_answer(404, "there is nothing at " + call.path);
}

} // namespace dklb::edgelb
