#pragma once

#include "domain/service.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace dklb::domain {

/// What one answer of EdgeLB's pool list says of one pool.
struct listed_pool {
  std::string name;
  std::uint64_t digest = 0;
  std::vector<service_key> owners; ///< Services of this cluster with objects in it
};

/// Compares each inventory with what the pool actors saw last.
class pool_inventory {
public:
  /// A pool actor saw the pool like this; no digest: it does not exist.
  void seen(const std::string& name, std::optional<std::uint64_t> digest);
  /// Takes a complete list in. Returns the pools that differ from what their actors saw last.
  std::vector<std::string> update(std::vector<listed_pool> pools);

  bool read() const { return read_; }
  /// Whether its actor has told what it saw.
  bool known_to_actor(const std::string& name) const;
  bool exists(const std::string& name) const;
  /// The owners in a pool that the last inventory showed with this digest; null where it did not.
  const std::vector<service_key>* owners_of(const std::string& name, std::uint64_t digest) const;
  std::vector<std::string> pools_of(const service_key& service) const;
  /// Every Service of this cluster with objects anywhere, with the pool.
  std::vector<std::pair<std::string, service_key>> owners() const;
  std::size_t size() const { return pools_.size(); }

private:
  struct known {
    bool listed = false;
    /// What an actor saw last: nothing told, or told absent, or a digest.
    bool told = false;
    std::optional<std::uint64_t> actor_digest;
    std::optional<std::uint64_t> digest; ///< as last listed
    std::vector<service_key> owners;
  };

  std::unordered_map<std::string, known> pools_;
  bool read_ = false;
};

} // namespace dklb::domain
