#include "http/kube/watch/list_watch_path.hpp"

#include "http/text/text.hpp"

namespace dklb::http::kube {

namespace {

std::string selectors(const reflector_settings& settings) {
  std::string query;
  if (!settings.label_selector.empty())
    query += "&labelSelector=" + percent_encoded(settings.label_selector);
  if (!settings.field_selector.empty())
    query += "&fieldSelector=" + percent_encoded(settings.field_selector);
  return query;
}

} // namespace

std::string list_path(const reflector_settings& settings, const list_query& query) {
  std::string path;
  if (query.limit > 0)
    path += "&limit=" + std::to_string(query.limit);
  if (!query.resource_version.empty())
    path += "&resourceVersion=" + percent_encoded(query.resource_version);
  if (!query.continue_token.empty())
    path += "&continue=" + percent_encoded(query.continue_token);
  path += selectors(settings);
  if (!path.empty())
    path.front() = '?';
  return settings.path + path;
}

std::string watch_path(const reflector_settings& settings, const std::string& version,
                       bool initial_events, std::chrono::seconds timeout) {
  std::string path = settings.path + "?watch=true&allowWatchBookmarks=true&timeoutSeconds="
                     + std::to_string(timeout.count());
  if (!version.empty())
    path += "&resourceVersion=" + percent_encoded(version);
  if (initial_events)
    path += "&sendInitialEvents=true&resourceVersionMatch=NotOlderThan";
  return path + selectors(settings);
}

} // namespace dklb::http::kube
