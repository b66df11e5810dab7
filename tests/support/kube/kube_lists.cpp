#include "tests/support/kube/kube_imposter.hpp"

#include <charconv>

namespace dklb::support {

using nlohmann::json;

namespace {

/// Items of a list carry neither kind nor apiVersion.
std::string_view item_bytes(const kube_object& object) {
  const std::string_view bytes = object.bytes;
  const auto head = "{\"apiVersion\":\"" + object.value["apiVersion"].get<std::string>()
                    + "\",\"kind\":\"" + object.value["kind"].get<std::string>() + "\",";
  return bytes.starts_with(head) ? bytes.substr(head.size() - 1) : bytes.substr(0, 0);
}

void append_item(std::string& out, const kube_object& object) {
  if (const auto rest = item_bytes(object); !rest.empty())
    out.append("{").append(rest.substr(1));
  else
    out.append(object.bytes);
}

std::uint64_t number_in(const std::string& text) {
  std::uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

kube_failure too_old(std::uint64_t asked, std::uint64_t current) {
  return {410,
          "Expired",
          "too old resource version: " + std::to_string(asked) + " (" + std::to_string(current)
            + ")",
          {}};
}

kube_failure too_new(std::uint64_t asked, std::uint64_t current) {
  const json cause{{"reason", "ResourceVersionTooLarge"},
                   {"message", "Too large resource version"}};
  return {504,
          "Timeout",
          "Too large resource version: " + std::to_string(asked)
            + ", current: " + std::to_string(current),
          {{"causes", json::array({cause})}, {"retryAfterSeconds", 1}}};
}

loopback_reply failure_reply(const kube_failure& failure) {
  return {failure.code, "application/json", status_object(failure).dump(), {}};
}

} // namespace

std::optional<kube_imposter::page_snapshot>
kube_imposter::find_page(const loopback_request& request, const route& to) const {
  const auto token = request.parameter("continue");
  if (!token.empty()) {
    const auto found = pages_.find(token.substr(0, token.find('.')));
    return found == pages_.end() ? std::nullopt : std::optional(found->second);
  }
  page_snapshot whole{store_.list(*to.resource, to.name_space), store_.version()};
  const auto name = selected_field(request.parameter("fieldSelector"), "metadata.name");
  std::erase_if(whole.items, [&](const kube_pointer& item) {
    return !name.empty() && item->value["metadata"]["name"] != name;
  });
  return whole;
}

loopback_reply kube_imposter::serve_list(const loopback_request& request, const route& to) {
  const auto limit = number_in(request.parameter("limit"));
  const auto asked = number_in(request.parameter("resourceVersion"));
  if (asked > store_.version())
    return failure_reply(too_new(asked, store_.version()));
  const auto whole = find_page(request, to);
  if (!whole)
    return failure_reply({410,
                          "Expired",
                          "The provided continue parameter is too old to display a consistent list "
                          "result.",
                          {}});
  auto token = request.parameter("continue");
  const auto dot = std::min(token.find('.'), token.size());
  const auto offset = token.empty() ? 0 : number_in(token.substr(dot + 1));
  token.erase(dot);
  const auto all = whole->items.size();
  const auto end = limit == 0 ? all : std::min<std::size_t>(offset + limit, all);
  loopback_reply reply;
  reply.body = "{\"kind\":\"" + to.resource->kind + "List\",\"apiVersion\":\""
               + to.resource->group_version + "\",\"metadata\":{\"resourceVersion\":\""
               + std::to_string(whole->version) + "\"";
  if (end < all) {
    if (token.empty()) {
      token = "page" + std::to_string(next_page_++);
      pages_[token] = *whole;
    }
    reply.body += ",\"continue\":\"" + token + "." + std::to_string(end)
                  + "\",\"remainingItemCount\":" + std::to_string(all - end);
  } else if (!token.empty()) {
    pages_.erase(token);
  }
  reply.body += "},\"items\":[";
  const auto first = reply.body.size();
  for (auto i = offset; i < end; ++i) {
    if (i > offset)
      reply.body += ',';
    append_item(reply.body, *whole->items[i]);
  }
  const auto raw = raw_items_.find(to.resource->plural);
  if (raw != raw_items_.end() && !raw->second.empty() && end == all)
    reply.body += (reply.body.size() == first ? "" : ",") + raw->second;
  reply.body += "]}";
  return reply;
}

void kube_imposter::send_initial(const watch_filter& filter, const exchange& answer) const {
  for (const auto& object : store_.list(*filter.resource, filter.name_space)) {
    const auto& metadata = object->value["metadata"];
    const kube_change change{filter.resource, change_type::added, metadata.value("namespace", ""),
                             metadata.value("name", ""), object};
    if (filter.wants(change))
      watches_.tell_one(answer, change);
  }
}

std::optional<loopback_reply> kube_imposter::open_watch(const loopback_request& request,
                                                        const route& to, exchange answer) {
  const auto& resource = *to.resource;
  const auto asked = number_in(request.parameter("resourceVersion"));
  const bool initial = request.parameter("sendInitialEvents") == "true";
  if (initial && !initial_lists_)
    return failure_reply({422,
                          "Invalid",
                          "ListOptions.meta.k8s.io \"\" is invalid: sendInitialEvents: Forbidden: "
                          "sendInitialEvents is forbidden for watch unless the WatchList feature "
                          "gate is enabled",
                          {}});
  const auto selected = selected_field(request.parameter("fieldSelector"), "metadata.name");
  const watch_filter filter{&resource, to.name_space, to.name.empty() ? selected : to.name,
                            request.parameter("allowWatchBookmarks") == "true"};
  answer.open_stream(200, "application/json");
  if (!initial && asked != 0 && asked < store_.compacted()) {
    watches_.fail_one(answer, too_old(asked, store_.version()));
    answer.end_stream();
    return std::nullopt;
  }
  if (initial || asked == 0) {
    send_initial(filter, answer);
    if (initial)
      watches_.bookmark(answer, resource, store_.version(), true);
  } else {
    store_.replay(asked, [&](const kube_change& change) {
      if (filter.wants(change))
        watches_.tell_one(answer, change);
    });
  }
  watches_.open(answer, filter);
  if (const auto seconds = number_in(request.parameter("timeoutSeconds")); seconds > 0) {
    server().after(std::chrono::seconds(seconds), [this, id = answer.id()] {
      const auto lock = locked();
      watches_.end(id);
    });
  }
  return std::nullopt;
}

} // namespace dklb::support
