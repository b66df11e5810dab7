#include "domain/explanation/leader.hpp"

#include "domain/text/utf8.hpp"

namespace dklb::domain {

bool is_object_name(std::string_view text) {
  constexpr std::size_t longest = 253;
  constexpr std::string_view characters = "abcdefghijklmnopqrstuvwxyz0123456789-.";
  return !text.empty() && text.size() <= longest
         && text.find_first_not_of(characters) == std::string_view::npos
         && text.find_first_not_of('.') != std::string_view::npos;
}

std::optional<std::string> host_of_holder(std::string_view holder) {
  // A host name has no underscore, and neither has a UUID.
  const auto host = holder.substr(0, holder.rfind('_'));
  return is_object_name(host) ? std::optional{std::string{host}} : std::nullopt;
}

std::string lease_warning(const lease_record& record, page::moment now) {
  const auto silent = now - record.renewed;
  if (silent <= record.duration)
    return {};
  return "the Lease says that " + visible(record.holder) + " leads, but it was last renewed "
         + page::length_of(silent) + " ago: that dklb has ended, or two clocks differ";
}

std::string pod_proxy_path(std::string_view name_space, std::string_view pod, int port,
                           std::string_view path) {
  std::string out = "/api/v1/namespaces/";
  return out.append(name_space)
    .append("/pods/")
    .append(pod)
    .append(":" + std::to_string(port))
    .append("/proxy")
    .append(path);
}

} // namespace dklb::domain
