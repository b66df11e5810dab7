#pragma once

#include "domain/error.hpp"

#include <nlohmann/json.hpp>

#include <functional>
#include <string>
#include <string_view>

namespace dklb::http::kube {

enum class watch_event_type { added, modified, deleted, bookmark, error };

/// One frame of a watch.
struct watch_event {
  watch_event_type type = watch_event_type::error;
  /// The object; for `error` the Status.
  nlohmann::json object;
};

/// Parses one frame. `malformed` where it is no watch event.
domain::result<watch_event> parse_watch_event(std::string_view frame);

/// The error that a Status object stands for, its HTTP code and wait included.
domain::error error_from_status(const nlohmann::json& status);

/// `metadata.resourceVersion`, "" where there is none.
std::string resource_version_of(const nlohmann::json& object);

/// Whether a bookmark ends the initial events of a streaming list.
bool ends_initial_events(const nlohmann::json& bookmark);

/// What a list says about itself, beside its items.
struct list_metadata {
  std::string resource_version;
  std::string continue_token; ///< "" on the last page
};

/// Parses the text of a list and hands out its items one at a time, each dropped before the next,
/// so that a list of ten thousand objects is never one tree. Items handed out before an error are
/// valid all the same.
domain::result<list_metadata> parse_list(std::string_view text,
                                         const std::function<void(nlohmann::json&)>& on_item);

} // namespace dklb::http::kube
