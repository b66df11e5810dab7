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

/// The writes to one pool.
struct pool_writes {
  std::size_t count = 0;
  bool overlapped = false; ///< two writes were in flight at the same time
  /// The shortest time between the starts of two writes. Empty with less than two.
  std::optional<std::chrono::steady_clock::duration> min_gap;
};

/// Consecutive writes by one client, by its label (imposter::url).
struct writer_term {
  std::string client;
  std::chrono::steady_clock::time_point first;
  std::chrono::steady_clock::time_point last;
  std::size_t writes = 0;
};

/// An EdgeLB V2 server on loopback that keeps pools in memory. It follows the published contract:
/// it adds defaults, keeps unknown fields, and answers 404, 409 and 504 with {"code", "message"}.
/// Public methods may be called from any thread.
class edgelb_imposter final : public imposter {
public:
  edgelb_imposter();
  ~edgelb_imposter() override;

  /// Read and change pools, as another client does.
  std::optional<pool_json> pool(const std::string& name) const;
  std::vector<std::string> pool_names() const;
  std::size_t pool_count() const;
  void put_pool(pool_json document);
  /// Stores a text as a pool, without defaults and checks.
  void put_raw_pool(const std::string& name, const std::string& json_text);
  void remove_pool(const std::string& name);

  /// Sets the addresses of a pool's instances.
  void set_instances(const std::string& name, std::vector<pool_instance> instances);
  /// Sets the whole metadata document of a pool, unchecked. Empty: the generated one.
  void set_metadata(const std::string& name, std::optional<std::string> json_text);
  /// Answers 504 for metadata until release_metadata(). An empty name means all pools.
  void hold_metadata(const std::string& name = {});
  void release_metadata(const std::string& name = {});
  /// Sets the time after a pool's creation until its metadata is known.
  void set_metadata_delay(std::chrono::milliseconds delay);
  /// Refuses a document with a 400 if `rule` returns a message.
  void refuse_when(std::function<std::optional<std::string>(const pool_json&)> rule);

  pool_writes writes_to(const std::string& name) const;
  /// The pools with overlapping writes, for an error message.
  std::vector<std::string> overlapped_pools() const;
  /// The writing clients, in order of time, from the log.
  std::vector<writer_term> writer_terms() const;

private:
  struct record {
    pool_json document;
    std::string bytes;
    std::chrono::steady_clock::time_point created;
    std::map<std::string, int> ports; ///< chosen for frontends with bindPort 0
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
