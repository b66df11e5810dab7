#pragma once

#include "tests/support/fault.hpp"
#include "tests/support/loopback_server.hpp"

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace dklb::support {

/// What a request means to the API that is imitated.
struct request_meaning {
  std::string verb;     ///< get, list, watch, create, update, patch, delete
  std::string resource; ///< e.g. services, services/status, pools, pools/metadata
  std::string key;      ///< namespace/name, or a pool's name; may be empty
};

/// One request as it was received. Times are steady; `finished` is absent while it is open.
struct log_entry {
  std::uint64_t exchange_id = 0;
  request_meaning meaning;
  std::string client; ///< label of the base URL that was used, see imposter::url
  std::string method;
  std::string target;
  std::string body; ///< empty where bodies are not kept
  std::string user_agent;
  int status = 0; ///< 0: not answered (yet)
  std::chrono::steady_clock::time_point started;
  std::optional<std::chrono::steady_clock::time_point> finished;

  bool write() const;
};

/// What both imposters share: the server, faults on demand, the log of requests, waiting for a
/// condition. Public methods may be called from any thread, also from a predicate of wait_until.
class imposter : private loopback_handler {
public:
  ~imposter() override;
  imposter(const imposter&) = delete;
  imposter& operator=(const imposter&) = delete;

  int port() const;
  /// The base URL. A label is put into the path, so that requests of several clients (say, two
  /// processes) can be told apart in the log.
  std::string url(const std::string& client_label = {}) const;

  std::size_t inject(fault what);
  void remove_fault(std::size_t id);
  void clear_faults();
  /// Any request without this Authorization value is 401; empty: all are let in.
  void require_authorization(std::string value);
  /// Refuses connections and drops those that are open, until come_back().
  void go_away();
  void come_back();

  std::vector<log_entry> log() const;
  /// Log entries of one kind, oldest first; an empty key matches every key.
  std::vector<log_entry> log(const std::string& verb, const std::string& resource,
                             const std::string& key = {}) const;
  std::size_t count(const std::string& verb, const std::string& resource) const;
  std::size_t count(const std::string& verb, const std::string& resource,
                    const std::string& key) const;
  /// Requests that create, update, patch or delete anything.
  std::size_t writes() const;
  /// "verb resource" -> number of requests.
  std::map<std::string, std::size_t> counts() const;
  /// The most requests open at once since the log was cleared, watches not counted.
  std::size_t peak_in_flight() const;
  void clear_log();
  /// Bodies of requests are kept in the log (the default) or not.
  void keep_bodies(bool keep);

  /// Waits until `predicate` holds; it is asked again after each request and each change. False
  /// when the deadline passes first.
  bool wait_until(const std::function<bool()>& predicate,
                  std::chrono::milliseconds deadline = std::chrono::seconds(10)) const;

protected:
  imposter() = default;

  virtual request_meaning understand(const loopback_request& request) const = 0;
  /// Answers a request; called with the lock held, on the server's thread. Nothing returned: it is
  /// streamed by the implementation.
  virtual std::optional<loopback_reply> serve(const loopback_request& request,
                                              const request_meaning& meaning, exchange answer) = 0;
  /// The API's own form of an error.
  virtual loopback_reply error_reply(int status, const std::string& message) const = 0;
  /// A request came in, before any fault or answer; called with the lock held.
  virtual void received(const log_entry& entry) { (void)entry; }
  /// The exchange is over; called with the lock held.
  virtual void ended(const log_entry& entry) { (void)entry; }

  using lock_type = std::unique_lock<std::recursive_mutex>;
  lock_type locked() const { return lock_type(mutex_); }
  void changed() const;
  /// Called first by the destructor of a derived class, because the server's thread calls it.
  void shut_down();
  void start();
  loopback_server& server() { return *server_; }

private:
  void on_request(loopback_request request, exchange answer) final;
  void on_finished(std::uint64_t exchange_id) final;
  using entry_pointer = std::shared_ptr<log_entry>;
  void answer_with(const fault& what, const loopback_request& request, log_entry& entry,
                   const exchange& answer);
  std::optional<fault> take_fault(const loopback_request& request);
  std::optional<loopback_reply> serve_logged(const loopback_request& request, log_entry& entry,
                                             const exchange& answer);

  mutable std::recursive_mutex mutex_;
  mutable std::condition_variable_any changed_;
  mutable std::size_t waiters_ = 0;
  std::vector<std::pair<std::size_t, fault>> faults_;
  std::size_t next_fault_ = 1;
  std::string authorization_;
  std::vector<entry_pointer> log_;
  std::unordered_map<std::uint64_t, entry_pointer> open_; ///< by exchange
  std::map<std::string, std::size_t> counts_;
  std::size_t writes_ = 0;
  std::size_t in_flight_ = 0;
  std::size_t peak_in_flight_ = 0;
  bool keep_bodies_ = true;
  std::unique_ptr<loopback_server> server_;
};

} // namespace dklb::support
