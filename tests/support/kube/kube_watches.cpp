#include "tests/support/kube/kube_watches.hpp"

namespace dklb::support {

using nlohmann::json;

namespace {

std::string frame_of(const char* type, const std::string& object) {
  return std::string("{\"type\":\"") + type + "\",\"object\":" + object + "}\n";
}

const char* name_of(change_type type) {
  switch (type) {
  case change_type::added:
    return "ADDED";
  case change_type::modified:
    return "MODIFIED";
  case change_type::deleted:
    return "DELETED";
  }
  return "";
}

} // namespace

bool watch_filter::wants(const kube_change& change) const {
  return change.resource == resource && (name_space.empty() || name_space == change.name_space)
         && (name.empty() || name == change.name);
}

void kube_watches::open(const exchange& stream, const watch_filter& filter) {
  watches_[stream.id()] = {stream, filter, false};
}

void kube_watches::tell(const kube_change& change) {
  last_told_ = std::chrono::steady_clock::now();
  std::string frame;
  for (const auto& [id, entry] : watches_) {
    if (entry.silent || !entry.filter.wants(change))
      continue;
    if (frame.empty())
      frame = frame_of(name_of(change.type), change.object->bytes);
    entry.stream.stream(frame, chunk_bytes_);
  }
}

void kube_watches::tell_one(const exchange& stream, const kube_change& change) const {
  stream.stream(frame_of(name_of(change.type), change.object->bytes), chunk_bytes_);
}

void kube_watches::bookmark(const exchange& stream, const kube_resource& resource,
                            std::uint64_t version, bool initial_end) const {
  json object{{"kind", resource.kind},
              {"apiVersion", resource.group_version},
              {"metadata", {{"resourceVersion", std::to_string(version)}}}};
  if (initial_end)
    object["metadata"]["annotations"] = {{"k8s.io/initial-events-end", "true"}};
  stream.stream(frame_of("BOOKMARK", object.dump()), chunk_bytes_);
}

void kube_watches::bookmark_all(std::uint64_t version) {
  for (const auto& [id, entry] : watches_) {
    if (entry.filter.bookmarks && !entry.silent)
      bookmark(entry.stream, *entry.filter.resource, version, false);
  }
}

void kube_watches::fail_one(const exchange& stream, const kube_failure& failure) const {
  stream.stream(frame_of("ERROR", status_object(failure).dump()), chunk_bytes_);
}

void kube_watches::close(watch_close how) {
  for (const auto& [id, entry] : watches_) {
    if (how == watch_close::mid_frame)
      entry.stream.stream(R"({"type":"MODIFIED","object":{"kind":"Service","metadata":{"na)");
    if (how == watch_close::clean)
      entry.stream.end_stream();
    else
      entry.stream.cut();
  }
  watches_.clear();
}

void kube_watches::end(std::uint64_t exchange_id) {
  const auto found = watches_.find(exchange_id);
  if (found == watches_.end() || found->second.silent)
    return;
  found->second.stream.end_stream();
  watches_.erase(found);
}

void kube_watches::silence() {
  for (auto& [id, entry] : watches_)
    entry.silent = true;
}

void kube_watches::send_raw(const std::string& plural, const std::string& bytes) const {
  for (const auto& [id, entry] : watches_) {
    if (entry.filter.resource->plural == plural && !entry.silent)
      entry.stream.stream(bytes, chunk_bytes_);
  }
}

std::size_t kube_watches::count(const std::string& plural) const {
  std::size_t open = 0;
  for (const auto& [id, entry] : watches_)
    open += entry.filter.resource->plural == plural ? 1U : 0U;
  return open;
}

std::string selected_field(const std::string& selector, const std::string& key) {
  std::size_t from = 0;
  while (from < selector.size()) {
    const auto end = std::min(selector.find(',', from), selector.size());
    const auto part = selector.substr(from, end - from);
    const auto equals = part.find('=');
    if (equals != std::string::npos && part.substr(0, equals) == key)
      return part.substr(part.find_last_of('=') + 1);
    from = end + 1;
  }
  return {};
}

} // namespace dklb::support
