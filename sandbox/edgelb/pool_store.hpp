#pragma once

#include "sandbox/edgelb/document.hpp"

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace dklb::sandbox::edgelb {

/// One instance of a pool: the name of its folder and the agent (by private address) it is on.
struct instance_slot {
  std::string id;
  std::string agent;

  friend bool operator==(const instance_slot&, const instance_slot&) = default;
};

/// What is kept of a pool: enough to go on after a crash as if nothing had happened.
struct pool_record {
  document pool;
  std::map<std::string, int> ports; ///< of each listener, by key
  std::vector<instance_slot> instances;
  /// Instances that were replaced and serve their last connections.
  std::vector<std::string> draining;
};

/// The record as JSON text, and back. An error says what is missing.
std::string to_text(const pool_record& record);
domain::result<pool_record> record_from(std::string_view text);

/// The pools in a folder, one file each. Safe to use from several threads for different pools.
class pool_store {
public:
  explicit pool_store(std::filesystem::path folder) : folder_(std::move(folder)) {}

  /// Every pool. A file that cannot be read is an error that names it: going on without it would
  /// end the traffic of its pool.
  domain::result<std::vector<pool_record>> load() const;
  /// The pool is on the disk when this returns.
  domain::result<domain::unit> save(const pool_record& record) const;
  domain::result<domain::unit> remove(const std::string& pool) const;

private:
  std::filesystem::path file_of(const std::string& pool) const {
    return folder_ / (pool + ".json");
  }

  std::filesystem::path folder_;
};

} // namespace dklb::sandbox::edgelb
