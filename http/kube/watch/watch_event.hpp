#pragma once

#include "domain/base/error.hpp"
#include "http/kube/json_reader.hpp"

#include <functional>
#include <string>
#include <string_view>

namespace dklb::http::kube {

enum class watch_event_type { added, modified, deleted, bookmark, error };

/// One event of a watch.
struct watch_event {
  watch_event_type type = watch_event_type::error;
  /// The object; for `error` the Status. Lives in the reader.
  json_view object;
};

/// Reads one event. `malformed` where `document` is none.
domain::result<watch_event> read_watch_event(json_view document);

/// The error that a Status object stands for, its HTTP code and wait included.
domain::error error_from_status(json_view status);

/// `metadata.resourceVersion`, "" where there is none.
std::string resource_version_of(json_view object);

/// Whether a bookmark ends the initial events of a streaming list.
bool ends_initial_events(json_view bookmark);

/// What a list says about itself, beside its items.
struct list_metadata {
  std::string resource_version;
  std::string continue_token; ///< "" on the last page
};

/// Parses the text of a list and hands out its items one at a time, each in the reader until the
/// next, so that a list of ten thousand objects is never one tree. Of a list that is cut some items
/// may have been handed out, which are valid all the same.
domain::result<list_metadata> parse_list(json_reader& reader, std::string_view text,
                                         const std::function<void(json_view)>& on_item);

} // namespace dklb::http::kube
