#include "sandbox/node/network/forwarder.hpp"

#include "sandbox/node/network/connection.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <list>
#include <mutex>
#include <optional>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <thread>
#include <unistd.h>

namespace dklb::sandbox {
namespace {

/// How long to wait before what failed for want of an address or a descriptor is tried again.
constexpr int retry_ms = 500;

struct listener {
  descriptor socket;
  event_loop::identity watched = 0;
  std::vector<socket_address> targets;
  std::size_t turn = 0;
  bool complained = false;
};

} // namespace

class forwarder::implementation {
public:
  implementation() : wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    loop_.set_interest(loop_.watch(wake_.get(), [this](std::uint32_t) { woken(); }), EPOLLIN);
    thread_ = std::thread([this] { run(); });
  }

  ~implementation() {
    stopping_ = true;
    wake();
    thread_.join();
  }
  implementation(const implementation&) = delete;
  implementation& operator=(const implementation&) = delete;

  void set_routes(route_table routes) {
    {
      const std::lock_guard guard(mutex_);
      wanted_ = std::move(routes);
    }
    wake();
  }

  std::size_t connections() const { return connection_count_; }
  std::size_t listeners() const { return listener_count_; }

private:
  void wake() {
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(wake_.get(), &one, sizeof one);
  }

  void run() {
    while (!stopping_) {
      loop_.run_once(retry_ ? retry_ms : -1);
      ended_.clear();
      if (retry_) {
        open_listeners();
      }
    }
    connections_.clear();
    close_listeners([](const listener&) { return true; });
  }

  void woken() {
    std::uint64_t count = 0;
    [[maybe_unused]] const auto taken = ::read(wake_.get(), &count, sizeof count);
    std::optional<route_table> routes;
    {
      const std::lock_guard guard(mutex_);
      routes.swap(wanted_);
    }
    if (routes) {
      apply(std::move(*routes));
    }
  }

  void apply(route_table routes) {
    for (auto& [where, known] : listeners_) {
      known.targets.clear();
    }
    for (auto& [where, targets] : routes) {
      listeners_[where].targets = std::move(targets);
    }
    close_listeners([](const listener& known) { return known.targets.empty(); });
    open_listeners();
  }

  template <class Predicate>
  void close_listeners(Predicate unwanted) {
    for (auto each = listeners_.begin(); each != listeners_.end();) {
      if (!unwanted(each->second)) {
        ++each;
        continue;
      }
      if (each->second.watched != 0) {
        loop_.forget(each->second.watched);
        --listener_count_;
      }
      each = listeners_.erase(each);
    }
  }

  /// Opens what is wanted and not open, and listens again where descriptors had run out.
  void open_listeners() {
    retry_ = false;
    for (auto& [where, known] : listeners_) {
      if (!known.socket) {
        open(where, known);
      }
      if (known.socket) {
        loop_.set_interest(known.watched, EPOLLIN);
      }
    }
  }

  void open(const socket_address& where, listener& known) {
    known.socket = listen_on(where);
    if (!known.socket) {
      retry_ = true;
      if (!std::exchange(known.complained, true)) {
        spdlog::error("cannot listen on {}:{}: {}; trying again", where.host, where.port,
                      std::strerror(errno));
      }
      return;
    }
    ++listener_count_;
    known.watched =
      loop_.watch(known.socket.get(), [this, &known](std::uint32_t) { accept_all(known); });
  }

  void accept_all(listener& from) {
    while (true) {
      descriptor client = accept_from(from.socket.get());
      if (client) {
        forward(from, std::move(client));
      } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
        loop_.set_interest(from.watched, 0);
        retry_ = true;
        return;
      } else if (errno != EINTR && errno != ECONNABORTED) {
        return;
      }
    }
  }

  void forward(listener& from, descriptor client) {
    std::vector<socket_address> targets = from.targets;
    const auto turn = static_cast<std::ptrdiff_t>(from.turn++ % targets.size());
    std::rotate(targets.begin(), targets.begin() + turn, targets.end());
    ++connection_count_;
    const auto place = connections_.emplace(connections_.end());
    *place = std::make_unique<connection>(loop_, std::move(client), std::move(targets),
                                          [this, place] { ended(place); });
  }

  /// May run inside the connection's constructor; the place in the list stays valid.
  void ended(std::list<std::unique_ptr<connection>>::iterator place) {
    --connection_count_;
    ended_.splice(ended_.end(), connections_, place);
  }

  event_loop loop_;
  descriptor wake_;
  std::atomic<bool> stopping_ = false;
  std::mutex mutex_;
  std::optional<route_table> wanted_; ///< set from any thread
  bool retry_ = false;
  std::map<socket_address, listener> listeners_;
  std::list<std::unique_ptr<connection>> connections_;
  std::list<std::unique_ptr<connection>> ended_; ///< destroyed after the loop's round
  std::atomic<std::size_t> connection_count_ = 0;
  std::atomic<std::size_t> listener_count_ = 0;
  std::thread thread_; ///< last: it uses all of the above
};

forwarder::forwarder() : implementation_(std::make_unique<implementation>()) {}

forwarder::~forwarder() = default;

void forwarder::set_routes(route_table routes) {
  implementation_->set_routes(std::move(routes));
}

std::size_t forwarder::connections() const {
  return implementation_->connections();
}

std::size_t forwarder::listeners() const {
  return implementation_->listeners();
}

} // namespace dklb::sandbox
