#include "sandbox/node/network/forwarder.hpp"

#include "sandbox/node/network/sockets.hpp"

#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <cerrno>
#include <chrono>
#include <fcntl.h>
#include <functional>
#include <netinet/in.h>
#include <numeric>
#include <poll.h>
#include <sys/socket.h>
#include <thread>

namespace dklb::sandbox {
namespace {

constexpr const char* host = "127.0.0.1";

bool eventually(const std::function<bool()>& condition) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) {
      return false;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

int port_of(const descriptor& socket) {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  ::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size);
  return ntohs(address.sin_port);
}

/// A port that was free a moment ago; nothing listens there.
int free_port() {
  return port_of(listen_on({host, 0}));
}

void wait_for(const descriptor& socket, short events) {
  pollfd wait{socket.get(), events, 0};
  ASSERT_EQ(::poll(&wait, 1, 20000), 1);
}

void set_blocking(const descriptor& socket) {
  ::fcntl(socket.get(), F_SETFL, ::fcntl(socket.get(), F_GETFL) & ~O_NONBLOCK);
}

descriptor accept_one(const descriptor& listener) {
  wait_for(listener, POLLIN);
  descriptor accepted = accept_from(listener.get());
  set_blocking(accepted);
  return accepted;
}

void say(const descriptor& socket, const std::string& text) {
  EXPECT_EQ(::send(socket.get(), text.data(), text.size(), MSG_NOSIGNAL),
            static_cast<ssize_t>(text.size()));
}

std::string hear_all(const descriptor& socket) {
  std::string heard;
  char piece[4096];
  ssize_t count = 0;
  while ((count = ::recv(socket.get(), piece, sizeof piece, 0)) > 0) {
    heard.append(piece, static_cast<std::size_t>(count));
  }
  return count == 0 ? heard : heard + "<reset>";
}

class Forwarder : public testing::Test {
protected:
  forwarder forwarder_;
  descriptor backend_ = listen_on({host, 0});
  socket_address front_{host, free_port()};

  void route(std::vector<socket_address> targets) {
    forwarder_.set_routes({{front_, std::move(targets)}});
    ASSERT_TRUE(eventually([&] { return forwarder_.listeners() == 1; }));
  }

  socket_address backend_address() const { return {host, port_of(backend_)}; }

  descriptor client() const {
    descriptor socket = connect_to(front_);
    wait_for(socket, POLLOUT);
    set_blocking(socket);
    return socket;
  }

  void expect_no_connection_left() {
    EXPECT_TRUE(eventually([&] { return forwarder_.connections() == 0; }));
  }
};

TEST_F(Forwarder, CarriesBothDirectionsAndClosesEachOnItsOwn) {
  route({backend_address()});
  const descriptor here = client();
  const descriptor there = accept_one(backend_);
  say(here, "question");
  ::shutdown(here.get(), SHUT_WR);
  EXPECT_EQ(hear_all(there), "question") << "the end arrives while the other half is open";
  say(there, "answer");
  ::shutdown(there.get(), SHUT_WR);
  EXPECT_EQ(hear_all(here), "answer");
  expect_no_connection_left();
}

TEST_F(Forwarder, CarriesMoreThanAnyBufferHolds) {
  route({backend_address()});
  const descriptor here = client();
  const descriptor there = accept_one(backend_);
  std::string much(8UL << 20U, '\0');
  std::iota(much.begin(), much.end(), '\0');
  std::thread writer([&] {
    say(here, much);
    ::shutdown(here.get(), SHUT_WR);
  });
  EXPECT_TRUE(hear_all(there) == much);
  writer.join();
}

TEST_F(Forwarder, AResetIsPassedOn) {
  route({backend_address()});
  const descriptor here = client();
  {
    const descriptor there = accept_one(backend_);
    reset_on_close(there.get());
  }
  EXPECT_EQ(hear_all(here), "<reset>");
  expect_no_connection_left();
}

TEST_F(Forwarder, GoesToTheTargetsInTurn) {
  const descriptor second = listen_on({host, 0});
  route({backend_address(), {host, port_of(second)}});
  const descriptor one = client();
  const descriptor at_first = accept_one(backend_);
  const descriptor two = client();
  const descriptor at_second = accept_one(second);
  EXPECT_TRUE(at_first);
  EXPECT_TRUE(at_second);
}

TEST_F(Forwarder, SkipsATargetThatRefuses) {
  route({{host, free_port()}, backend_address()});
  const descriptor here = client();
  const descriptor there = accept_one(backend_);
  say(there, "hello");
  ::shutdown(there.get(), SHUT_WR);
  EXPECT_EQ(hear_all(here), "hello");
}

TEST_F(Forwarder, ResetsWhereEveryTargetRefuses) {
  route({{host, free_port()}});
  const descriptor here = client();
  EXPECT_EQ(hear_all(here), "<reset>");
  expect_no_connection_left();
}

TEST_F(Forwarder, ARouteThatGoesKeepsItsConnectionsButTakesNoNewOnes) {
  route({backend_address()});
  const descriptor here = client();
  const descriptor there = accept_one(backend_);
  forwarder_.set_routes({});
  ASSERT_TRUE(eventually([&] { return forwarder_.listeners() == 0; }));
  EXPECT_FALSE(accepts_connections(front_));
  say(here, "still");
  ::shutdown(here.get(), SHUT_WR);
  EXPECT_EQ(hear_all(there), "still");
}

TEST_F(Forwarder, AnAddressThatIsTakenIsBoundWhenItComesFree) {
  descriptor squatter = listen_on(front_);
  forwarder_.set_routes({{front_, {backend_address()}}});
  const descriptor other = listen_on({host, 0});
  EXPECT_EQ(forwarder_.listeners(), 0U);
  squatter = descriptor();
  EXPECT_TRUE(eventually([&] { return forwarder_.listeners() == 1; }));
}

TEST_F(Forwarder, EndsWithConnectionsOpen) {
  descriptor here;
  descriptor there;
  {
    forwarder other;
    const socket_address front{host, free_port()};
    other.set_routes({{front, {backend_address()}}});
    ASSERT_TRUE(eventually([&] { return other.listeners() == 1; }));
    here = connect_to(front);
    wait_for(here, POLLOUT);
    there = accept_one(backend_);
  }
  set_blocking(here);
  EXPECT_EQ(hear_all(here), "");
}

} // namespace
} // namespace dklb::sandbox
