#pragma once

#include "tests/support/edgelb_defaults.hpp"
#include "tests/support/imposter.hpp"

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace dklb::support {

/// What was written to one pool.
struct pool_writes {
  std::size_t count = 0;
  bool overlapped = false; ///< two writes were ever open at the same time
  /// The least time from the start of a write to the start of the next; none below two writes.
  std::optional<std::chrono::steady_clock::duration> min_gap;
};

/// Writes by one client in a row, see imposter::url for labels.
struct writer_term {
  std::string client;
  std::chrono::steady_clock::time_point first;
  std::chrono::steady_clock::time_point last;
  std::size_t writes = 0;
};

/// An EdgeLB V2 server on loopback, in memory, after its published contract: defaults filled in,
/// unknown fields kept, 404, 409, 504, errors as {"code", "message"}. Public methods may be called
/// from any thread.
class edgelb_imposter final : public imposter {
public:
  edgelb_imposter();
  ~edgelb_imposter() override;

  /// Pools as somebody else sees and changes them.
  std::optional<pool_json> pool(const std::string& name) const;
  std::vector<std::string> pool_names() const;
  std::size_t pool_count() const;
  void put_pool(pool_json document);
  /// Not completed, not checked: whatever a server might answer with.
  void put_raw_pool(const std::string& name, const std::string& json_text);
  void remove_pool(const std::string& name);

  /// Addresses of a pool's instances, from now on.
  void set_instances(const std::string& name, std::vector<pool_instance> instances);
  /// The whole metadata document of a pool, whatever it is; nothing: the usual one.
  void set_metadata(const std::string& name, std::optional<std::string> json_text);
  /// Metadata is not known (504) until released; an empty name means all pools.
  void hold_metadata(const std::string& name = {});
  void release_metadata(const std::string& name = {});
  /// Metadata of a new pool becomes known only this long after its creation.
  void set_metadata_delay(std::chrono::milliseconds delay);
  /// Refuses a document (400 with the text) where the function gives one.
  void refuse_when(std::function<std::optional<std::string>(const pool_json&)> rule);

  pool_writes writes_to(const std::string& name) const;
  /// Any pool whose writes ever overlapped, for an error message.
  std::vector<std::string> overlapped_pools() const;
  /// Who wrote, in the order of time, from the log.
  std::vector<writer_term> writer_terms() const;

private:
  struct record {
    pool_json document;
    std::string bytes;
    std::chrono::steady_clock::time_point created;
    std::map<std::string, int> ports; ///< given to frontends that asked for any
  };
  struct write_state {
    std::size_t open = 0;
    pool_writes seen;
    std::chrono::steady_clock::time_point last_start;
  };

  request_meaning understand(const loopback_request& request) const override;
  std::optional<loopback_reply> serve(const loopback_request& request,
                                      const request_meaning& meaning, exchange answer) override;
  loopback_reply error_reply(int status, const std::string& message) const override;
  void received(const log_entry& entry) override;
  void ended(const log_entry& entry) override;

  loopback_reply serve_list(bool wrapped) const;
  loopback_reply serve_write(const loopback_request& request, const request_meaning& meaning);
  loopback_reply serve_read(const request_meaning& meaning) const;
  loopback_reply serve_metadata(const std::string& name) const;
  record& store(const std::string& name, pool_json document);
  std::vector<pool_instance> instances_of(const std::string& name, const record& pool) const;
  loopback_reply missing(const std::string& name) const;

  std::map<std::string, record> pools_;
  std::map<std::string, write_state> writes_;
  std::map<std::string, std::vector<pool_instance>> instances_;
  std::map<std::string, std::string> metadata_;
  std::set<std::string> held_;
  bool all_held_ = false;
  std::chrono::milliseconds metadata_delay_{0};
  std::function<std::optional<std::string>(const pool_json&)> rule_;
  int next_port_ = 1025;
};

} // namespace dklb::support
