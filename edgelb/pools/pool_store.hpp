#pragma once

#include "edgelb/api/document.hpp"

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace dklb::edgelb {

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

/// Whether that is the name of an instance's folder: one to eight letters 0-9 and a-f.
bool is_instance_id(std::string_view text);

/// The record as JSON text, and back. An error says what is missing or wrong; a pool is checked as
/// one that comes over the API.
std::string to_text(const pool_record& record);
domain::result<pool_record> record_from(std::string_view text);

/// A record that cannot be used.
struct damaged_record {
  std::string pool; ///< as its file is named
  std::string file; ///< its name in the folder, fit for a log
  std::string reason;
  std::string moved_to; ///< empty where it could not be moved
};

struct loaded_records {
  std::vector<pool_record> records; ///< by name
  std::vector<damaged_record> damaged;
};

/// The pools in a folder, one file each. Safe to use from several threads for different pools.
class pool_store {
public:
  /// Records that cannot be used are moved to `damaged`. Both folders are there.
  pool_store(std::filesystem::path folder, std::filesystem::path damaged)
    : folder_(std::move(folder)), damaged_(std::move(damaged)) {}

  /// Every pool. A file that is no record of the pool that it is named after is set aside: moved,
  /// never deleted, so that it can be repaired while the other pools are served. Only a folder that
  /// cannot be listed is an error.
  domain::result<loaded_records> load() const;
  /// The names of the pools of which a record has been moved to `damaged`, now or earlier.
  std::set<std::string> set_aside() const;
  /// The pool is on the disk when this returns.
  domain::result<domain::unit> save(const pool_record& record) const;
  domain::result<domain::unit> remove(const std::string& pool) const;

private:
  std::filesystem::path file_of(const std::string& pool) const {
    return folder_ / (pool + ".json");
  }

  std::filesystem::path folder_;
  std::filesystem::path damaged_;
};

} // namespace dklb::edgelb
