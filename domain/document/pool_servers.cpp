#include "domain/document/pool_servers.hpp"

#include "domain/document/pool_document.hpp"

namespace dklb::domain {

pool_servers::pool_servers(const pool_settings& settings, const pool_document* pool)
  : settings_(settings), pool_(pool) {}

const node_choice& pool_servers::of(ip_families families) {
  const auto [found, fresh] = chosen_.try_emplace(families);
  if (fresh && settings_.nodes)
    found->second = choose_nodes(*settings_.nodes, families,
                                 [this](const std::string& address) { return in_pool(address); });
  return found->second;
}

bool pool_servers::in_pool(const std::string& address) {
  if (!present_) {
    present_.emplace();
    if (pool_) {
      const auto& entries = objects(*pool_, "backends");
      for (const auto& backend : index_objects(settings_.cluster, *pool_, "backends"))
        if (backend.owner)
          for (const auto& server : items(member(entries[backend.position], "services")))
            if (const auto& endpoint = member(server, "endpoint");
                text(member(endpoint, "type")) == "ADDRESS")
              present_->emplace(text(member(endpoint, "address")));
    }
  }
  return present_->contains(address);
}

std::optional<node_notice> notice_of(const pool_settings& settings, pool_servers& servers,
                                     ip_families families) {
  if (settings.mode != backend_mode::nodes || !settings.nodes)
    return std::nullopt;
  const auto& choice = servers.of(families);
  if (choice.addresses.empty())
    return node_notice{true, no_nodes_text(*settings.nodes, families)};
  if (!choice.left_out.empty())
    return node_notice{false, left_out_text(choice.left_out, families)};
  return std::nullopt;
}

} // namespace dklb::domain
