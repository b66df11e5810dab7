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

/// A request in terms of the imitated API.
struct request_meaning {
  std::string verb;     ///< get, list, watch, create, update, patch, delete
  std::string resource; ///< e.g. services, services/status, pools, pools/metadata
  std::string key;      ///< namespace/name, or a pool's name; may be empty
};

/// One received request. Times are of the steady clock; `finished` is absent while it is open.
struct log_entry {
  std::uint64_t exchange_id = 0;
  request_meaning meaning;
  std::string client; ///< label in the base URL (imposter::url)
  std::string method;
  std::string target;
  std::string body; ///< empty if bodies are not kept
  std::string user_agent;
  int status = 0; ///< 0: not answered (yet)
  std::chrono::steady_clock::time_point started;
  std::optional<std::chrono::steady_clock::time_point> finished;

  bool write() const;
};

/// The base of both imposters: the loopback server, injected faults and the log of requests. Public
/// methods may be called from any thread, and also from a predicate of wait_until.
class imposter : private loopback_handler {
public:
  ~imposter() override;
  imposter(const imposter&) = delete;
  imposter& operator=(const imposter&) = delete;

  int port() const;
  /// The base URL. A label becomes part of the path, so that the log shows which client (for
  /// example, which process) sent a request.
  std::string url(const std::string& client_label = {}) const;

  std::size_t inject(fault what);
  void remove_fault(std::size_t id);
  void clear_faults();
  /// Answers 401 to requests without this Authorization value. Empty: accepts all requests.
  void require_authorization(std::string value);
  /// Refuses connections and closes open ones, until come_back().
  void go_away();
  void come_back();

  std::vector<log_entry> log() const;
  /// Log entries of one kind, oldest first. An empty key matches every key.
  std::vector<log_entry> log(const std::string& verb, const std::string& resource,
                             const std::string& key = {}) const;
  std::size_t count(const std::string& verb, const std::string& resource) const;
  std::size_t count(const std::string& verb, const std::string& resource,
                    const std::string& key) const;
  /// The number of requests that create, update, patch or delete an object.
  std::size_t writes() const;
  /// The number of requests by "verb resource".
  std::map<std::string, std::size_t> counts() const;
  /// The most requests in flight at the same time since clear_log(), without watches.
  std::size_t peak_in_flight() const;
  void clear_log();
  /// Sets whether the log keeps the bodies of requests. The default is true.
  void keep_bodies(bool keep);

  /// Waits until `predicate` is true. It is called again after each request and each change. False
  /// after the deadline.
  bool wait_until(const std::function<bool()>& predicate,
                  std::chrono::milliseconds deadline = std::chrono::seconds(10)) const;

protected:
  imposter() = default;

  virtual request_meaning understand(const loopback_request& request) const = 0;
  /// Answers a request. Called with the lock held, on the server's thread. Empty: the
  /// implementation streams the response.
  virtual std::optional<loopback_reply> serve(const loopback_request& request,
                                              const request_meaning& meaning, exchange answer) = 0;
  /// An error in the API's own form.
  virtual loopback_reply error_reply(int status, const std::string& message) const = 0;
  /// A request was received, before any fault or response. Called with the lock held.
  virtual void received(const log_entry& entry) { (void)entry; }
  /// The exchange has ended. Called with the lock held.
  virtual void ended(const log_entry& entry) { (void)entry; }

  using lock_type = std::unique_lock<std::recursive_mutex>;
  lock_type locked() const { return lock_type(mutex_); }
  void changed() const;
  /// For the begin of a derived class's destructor: the server's thread calls virtual functions.
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
