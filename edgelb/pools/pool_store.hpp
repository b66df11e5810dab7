#pragma once

#include "edgelb/api/document.hpp"

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace dklb::edgelb {

/// One instance of a pool: the name of its folder, and the private address of its agent.
struct instance_slot {
  std::string id;
  std::string agent;

  friend bool operator==(const instance_slot&, const instance_slot&) = default;
};

/// The saved state of a pool, from which a restart continues.
struct pool_record {
  document pool;
  std::map<std::string, int> ports; ///< of each listener, by key
  std::vector<instance_slot> instances;
  /// Replaced instances that serve their last connections.
  std::vector<std::string> draining;
};

/// True for the name of an instance's folder: one to eight characters of 0-9 and a-f.
bool is_instance_id(std::string_view text);

/// The record as JSON text, and back. The error names the missing or wrong part. The pool in a
/// record is checked like a pool from the API.
std::string to_text(const pool_record& record);
domain::result<pool_record> record_from(std::string_view text);

/// A record that cannot be used.
struct damaged_record {
  std::string pool; ///< from the name of the file
  std::string file; ///< name of the file, quoted for a log
  std::string reason;
  std::string moved_to; ///< empty if it could not be moved
};

/// The result of pool_store::load().
struct loaded_records {
  std::vector<pool_record> records; ///< by name
  std::vector<damaged_record> damaged;
};

/// The saved pools: a folder with one file per pool. Several threads may use it for different
/// pools.
class pool_store {
public:
  /// Records that cannot be used are moved to `damaged`. Both folders must exist.
  pool_store(std::filesystem::path folder, std::filesystem::path damaged)
    : folder_(std::move(folder)), damaged_(std::move(damaged)) {}

  /// Reads all pools. A file that is not a record of the pool in its name is moved to `damaged`, so
  /// that an operator can repair it. Nothing is deleted. Only a folder that cannot be listed is an
  /// error.
  domain::result<loaded_records> load() const;
  /// The pools with a record in `damaged`, from now or earlier.
  std::set<std::string> set_aside() const;
  /// Saves a pool. It is on the disk when this returns.
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
