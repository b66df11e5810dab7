#pragma once

#include "http/kube/watch/list_watch.hpp"
#include "http/kube/watch/reflector.hpp"

#include <chrono>
#include <string>

namespace dklb::http::kube {

/// The path and query of one page of a list.
std::string list_path(const reflector_settings& settings, const list_query& query);

/// The path and query of a watch from `version` on, "" from now. With `initial_events` the server
/// tells first what there is, which ends with a bookmark (KEP-3157).
std::string watch_path(const reflector_settings& settings, const std::string& version,
                       bool initial_events, std::chrono::seconds timeout);

} // namespace dklb::http::kube
