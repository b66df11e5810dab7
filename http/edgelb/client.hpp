#pragma once

#include "domain/document/pool_snapshot.hpp"
#include "domain/pool/pool_status.hpp"
#include "http/engine/engine.hpp"

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace dklb::http::edgelb {

/// Adds the credentials to a request. `Authorization` values never reach logs or errors. Called on
/// the engine's thread only. Implementations: http/edgelb/credentials.hpp.
class authenticator {
public:
  virtual ~authenticator() = default;
  /// Calls `ready` with the Authorization value ("" for none) or an error, now or later, on the
  /// engine's thread.
  virtual void authorize(std::function<void(domain::result<std::string>)> ready) = 0;
  /// The server answered 401: forget what is cached. True where another try may help.
  virtual bool refused() = 0;
};

struct client_settings {
  std::shared_ptr<const endpoint> where;
  std::chrono::milliseconds timeout{30000};
  std::size_t max_in_flight = 16;
  std::shared_ptr<authenticator> credentials; ///< null: none
  /// Asked at the moment of each write; null: always.
  std::function<bool()> may_write;
  /// Told of every exchange, for metrics.
  exchange_observer on_exchange;
};

/// A pool whose document is longer, and a list with more pools, are not taken in: both are read
/// into memory, and no EdgeLB comes near them.
inline constexpr std::size_t max_pool_bytes = 16U << 20U;
inline constexpr std::size_t max_pools = 100000;

/// Called once per pool of an inventory, in the server's order.
using pool_visitor = std::function<void(std::string name, domain::pool_snapshot pool)>;

/// Parses the body of GET /v2/pools (may be tens of megabytes), on the caller's thread: the
/// engine's must not be held up by it. One pool at a time is in memory as a tree. A pool that is no
/// object, has no name, nests too deeply or is longer than `max_pool_bytes` is skipped and counted.
/// Returns the number of those, or a `malformed` error where the body is no complete JSON array
/// (null counts as an empty one) or has more than `max_pools` items; pools before the break have
/// been visited then.
domain::result<std::size_t> visit_pools(const std::string& body, const pool_visitor& visit);

template <class T>
using reply = std::function<void(domain::result<T>)>;

/// The EdgeLB V2 client. Asynchronous; replies come on the engine's thread, exactly once, also
/// after the client is gone. A write is never repeated here, but for a 401 that newer credentials
/// may mend (nothing was done then): an ambiguous outcome is the caller's to resolve by reading.
/// Writes go before reads, and the inventory comes last.
class client {
public:
  client(http::engine& engine, client_settings settings);
  ~client();
  client(const client&) = delete;
  client& operator=(const client&) = delete;

  /// Changes the time-out and the bound of the requests that follow. Any thread.
  void change(std::chrono::milliseconds timeout, std::size_t max_in_flight);

  /// One GET /v2/pools: the body as it came, for visit_pools().
  void read_inventory(reply<std::string> done);
  void get_pool(const std::string& name, reply<domain::pool_snapshot> done);
  /// `conflict` also where the server says "already exists" with another status.
  void create_pool(const domain::pool_document& document, reply<domain::pool_snapshot> done);
  void replace_pool(const std::string& name, const domain::pool_document& document,
                    reply<domain::pool_snapshot> done);
  /// 404 is success.
  void delete_pool(const std::string& name, reply<domain::unit> done);
  /// Normal where somebody waits for an address: it then queues among the writes.
  void get_metadata(const std::string& name, priority order, reply<domain::pool_metadata> done);

private:
  class implementation;
  std::shared_ptr<implementation> implementation_;
};

} // namespace dklb::http::edgelb
