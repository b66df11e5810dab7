#include "tests/support/kube/kube_imposter.hpp"

#include <algorithm>
#include <set>
#include <sstream>

namespace dklb::support {

using nlohmann::json;

namespace {

std::vector<std::string> segments_of(const std::string& path) {
  std::vector<std::string> parts;
  std::istringstream stream(path);
  for (std::string part; std::getline(stream, part, '/');) {
    if (!part.empty())
      parts.push_back(part);
  }
  return parts;
}

loopback_reply json_reply(const json& body, int status = 200) {
  loopback_reply reply;
  reply.status = status;
  reply.body = body.dump();
  return reply;
}

loopback_reply failure_reply(const kube_failure& failure) {
  return json_reply(status_object(failure), failure.code);
}

loopback_reply result_reply(const kube_result& outcome, int success = 200) {
  if (const auto* failure = std::get_if<kube_failure>(&outcome))
    return failure_reply(*failure);
  loopback_reply reply;
  reply.status = success;
  reply.body = std::get<kube_pointer>(outcome)->bytes;
  return reply;
}

} // namespace

kube_imposter::route kube_imposter::find_route(const std::string& path) const {
  auto parts = segments_of(path);
  route to;
  std::string group_version;
  if (parts.size() >= 3 && parts[0] == "api") {
    group_version = parts[1];
    parts.erase(parts.begin(), parts.begin() + 2);
  } else if (parts.size() >= 4 && parts[0] == "apis") {
    group_version = parts[1] + "/" + parts[2];
    parts.erase(parts.begin(), parts.begin() + 3);
  } else {
    return to;
  }
  if (std::count(hidden_groups_.begin(), hidden_groups_.end(), group_version) > 0)
    return to;
  if (parts.size() >= 3 && parts[0] == "namespaces") {
    to.name_space = parts[1];
    parts.erase(parts.begin(), parts.begin() + 2);
  }
  const auto* resource = store_.resource(group_version, parts[0]);
  if (resource == nullptr || resource->namespaced == to.name_space.empty()) {
    // Across all namespaces there are only lists and watches.
    if (resource == nullptr || parts.size() > 1)
      return to;
  }
  to.resource = resource;
  to.name = parts.size() > 1 ? parts[1] : "";
  to.sub = parts.size() > 2 ? parts[2] : "";
  return to;
}

request_meaning kube_imposter::understand(const loopback_request& request) const {
  const auto to = find_route(request.path);
  if (to.resource == nullptr)
    return {"get", request.path, {}};
  request_meaning meaning;
  meaning.resource = to.resource->plural + (to.sub.empty() ? "" : "/" + to.sub);
  meaning.key = to.name_space.empty() || to.name.empty() ? to.name : to.name_space + "/" + to.name;
  const auto watch = request.parameter("watch");
  if (request.method == "GET")
    meaning.verb = watch == "true" || watch == "1" ? "watch" : to.name.empty() ? "list" : "get";
  else if (request.method == "POST")
    meaning.verb = "create";
  else if (request.method == "PUT")
    meaning.verb = "update";
  else
    meaning.verb = request.method == "PATCH" ? "patch" : "delete";
  return meaning;
}

std::optional<loopback_reply> kube_imposter::serve(const loopback_request& request,
                                                   const request_meaning& meaning,
                                                   exchange answer) {
  const auto to = find_route(request.path);
  if (to.resource == nullptr)
    return serve_plain(request);
  try {
    if (meaning.verb == "watch")
      return open_watch(request, to, std::move(answer));
    return to.name.empty() ? serve_collection(request, to) : serve_object(request, to);
  } catch (const json::exception& problem) {
    return error_reply(400, problem.what());
  }
}

loopback_reply kube_imposter::serve_plain(const loopback_request& request) const {
  const auto& path = request.path;
  if (path == "/readyz" || path == "/livez" || path == "/healthz")
    return {200, "text/plain", "ok", {}};
  if (path == "/version")
    return json_reply({{"major", "1"}, {"minor", "34"}, {"gitVersion", "v1.34.2"}});
  if (path == "/api")
    return json_reply({{"kind", "APIVersions"}, {"versions", {"v1"}}});
  std::set<std::string> groups;
  for (const auto& resource : store_.resources()) {
    if (std::count(hidden_groups_.begin(), hidden_groups_.end(), resource.group_version) == 0)
      groups.insert(resource.group_version);
  }
  if (path == "/apis") {
    json list = json::array();
    for (const auto& entry : groups) {
      if (entry.find('/') == std::string::npos)
        continue;
      const json version{{"groupVersion", entry}, {"version", entry.substr(entry.find('/') + 1)}};
      list.push_back({{"name", entry.substr(0, entry.find('/'))},
                      {"versions", json::array({version})},
                      {"preferredVersion", version}});
    }
    return json_reply({{"kind", "APIGroupList"}, {"apiVersion", "v1"}, {"groups", list}});
  }
  const auto group = path.starts_with("/apis/")  ? path.substr(6)
                     : path.starts_with("/api/") ? path.substr(5)
                                                 : std::string{};
  if (!groups.contains(group))
    return error_reply(404, "the server could not find the requested resource");
  json list = json::array();
  for (const auto& resource : store_.resources()) {
    if (resource.group_version == group)
      list.push_back({{"name", resource.plural},
                      {"namespaced", resource.namespaced},
                      {"kind", resource.kind},
                      {"verbs", {"create", "delete", "get", "list", "patch", "update", "watch"}}});
  }
  return json_reply({{"kind", "APIResourceList"}, {"groupVersion", group}, {"resources", list}});
}

loopback_reply kube_imposter::serve_collection(const loopback_request& request, const route& to) {
  if (request.method == "GET")
    return serve_list(request, to);
  if (request.method == "POST")
    return result_reply(store_.create(*to.resource, to.name_space, json::parse(request.body)), 201);
  return error_reply(405, "the server does not allow this method on the requested resource");
}

loopback_reply kube_imposter::serve_object(const loopback_request& request, const route& to) {
  const auto& where = *to.resource;
  const bool status = to.sub == "status" && where.status;
  if (!to.sub.empty() && !status)
    return error_reply(404, "the server could not find the requested resource");
  if (request.method == "GET") {
    const auto found = store_.find(where, to.name_space, to.name);
    if (!found)
      return failure_reply({404,
                            "NotFound",
                            where.plural + " \"" + to.name + "\" not found",
                            {{"name", to.name}, {"kind", where.plural}}});
    return result_reply(found);
  }
  if (request.method == "PATCH") {
    const auto type = request.header("content-type");
    const auto body = json::parse(request.body);
    if (type.starts_with("application/merge-patch+json"))
      return result_reply(store_.merge_patch(where, to.name_space, to.name, body, status));
    if (type.starts_with("application/strategic-merge-patch+json"))
      return result_reply(
        store_.strategic_merge_patch(where, to.name_space, to.name, body, status));
    return error_reply(415, "the body of the request was in an unknown format - accepted media "
                            "types include: application/merge-patch+json, "
                            "application/strategic-merge-patch+json");
  }
  if (request.method == "PUT")
    return result_reply(
      store_.update(where, to.name_space, to.name, json::parse(request.body), status));
  if (request.method != "DELETE")
    return error_reply(405, "the server does not allow this method on the requested resource");
  const auto options = request.body.empty() ? json::object() : json::parse(request.body);
  const auto uid = options.value("preconditions", json::object()).value("uid", "");
  return result_reply(store_.remove(where, to.name_space, to.name, uid));
}

} // namespace dklb::support
