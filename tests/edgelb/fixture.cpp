#include "tests/edgelb/fixture.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <stdexcept>

namespace dklb::edgelb::testing {
namespace {

/// A socket's address of either family.
struct place {
  sockaddr_storage storage{};
  socklen_t length = sizeof(sockaddr_storage);

  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
};

place place_at(const std::string& address, int port) {
  place made;
  if (is_ipv6(address)) {
    auto* where = reinterpret_cast<sockaddr_in6*>(&made.storage);
    where->sin6_family = AF_INET6;
    where->sin6_port = htons(static_cast<std::uint16_t>(port));
    inet_pton(AF_INET6, address.c_str(), &where->sin6_addr);
    made.length = sizeof *where;
    return made;
  }
  auto* where = reinterpret_cast<sockaddr_in*>(&made.storage);
  where->sin_family = AF_INET;
  where->sin_port = htons(static_cast<std::uint16_t>(port));
  inet_pton(AF_INET, address.c_str(), &where->sin_addr);
  made.length = sizeof *where;
  return made;
}

descriptor socket_for(const std::string& address) {
  return descriptor(::socket(is_ipv6(address) ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
}

descriptor listen_at(const std::string& address, int port) {
  auto socket = socket_for(address);
  auto where = place_at(address, port);
  const int on = 1;
  setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(socket.get(), where.get(), where.length) != 0 || listen(socket.get(), 512) != 0)
    return {};
  return socket;
}

int port_of(const descriptor& listener) {
  place where;
  getsockname(listener.get(), where.get(), &where.length);
  // Both families have the port at the same place.
  return ntohs(reinterpret_cast<const sockaddr_in*>(&where.storage)->sin_port);
}

void limit_waiting(int socket) {
  timeval patience{};
  patience.tv_sec = 5;
  setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
}

bool send_all(int socket, const std::string& text) {
  return ::send(socket, text.data(), text.size(), MSG_NOSIGNAL)
         == static_cast<ssize_t>(text.size());
}

haproxy_program installed_haproxy() {
  auto found = haproxy_program::find("");
  if (!found)
    throw std::runtime_error(found.failure().message);
  return *found;
}

} // namespace

temporary_folder::temporary_folder() {
  std::string name = "/tmp/edgelb-XXXXXX";
  if (::mkdtemp(name.data()) == nullptr)
    throw std::runtime_error("no temporary folder");
  path_ = name;
}

temporary_folder::~temporary_folder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

address_range::address_range() {
  constexpr int lock_port = 40404;
  // The sandbox itself lives in 127.0.0.0/16; tests start at a place of their own above it.
  for (int attempt = 0; attempt < 10000; ++attempt) {
    const int place = (static_cast<int>(::getpid()) + attempt * 7) % (100 * 256);
    prefix_ = "127." + std::to_string(100 + place / 256) + "." + std::to_string(place % 256) + ".";
    lock_ = listen_at(address(0), lock_port);
    if (lock_)
      return;
  }
  throw std::runtime_error("no free range of loopback addresses");
}

bool eventually(const std::function<bool()>& condition) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (std::chrono::steady_clock::now() < deadline) {
    if (condition())
      return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return condition();
}

echo_server::echo_server(std::string name, const std::string& address)
  : name_(std::move(name)), listener_(listen_at(address, 0)), port_(port_of(listener_)) {
  thread_ = std::thread([this] { serve_all(); });
}

echo_server::~echo_server() {
  stopping_ = true;
  thread_.join();
}

void echo_server::serve_all() {
  std::vector<descriptor> clients;
  while (!stopping_) {
    std::vector<pollfd> waiting{{listener_.get(), POLLIN, 0}};
    for (const auto& one : clients)
      waiting.push_back({one.get(), POLLIN, 0});
    if (::poll(waiting.data(), waiting.size(), 50) <= 0)
      continue;
    for (std::size_t index = 1; index < waiting.size(); ++index) {
      if (waiting[index].revents != 0 && !echo(waiting[index].fd))
        clients[index - 1].reset();
    }
    std::erase_if(clients, [](const descriptor& one) { return !one; });
    if (waiting.front().revents == 0)
      continue;
    descriptor accepted(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (accepted && send_all(accepted.get(), name_ + "\n"))
      clients.push_back(std::move(accepted));
  }
}

bool echo_server::echo(int client) {
  char piece[1024];
  const auto got = ::recv(client, piece, sizeof piece, 0);
  return got > 0 && send_all(client, std::string(piece, static_cast<std::size_t>(got)));
}

black_hole::black_hole() : listener_(listen_at("127.0.0.1", 0)), port_(port_of(listener_)) {
  ::listen(listener_.get(), 0);
  auto where = place_at("127.0.0.1", port_);
  // The kernel lets one more into the queue than it was asked for. What comes then is dropped.
  for (int number = 0; number < 4; ++number) {
    waiting_.emplace_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    (void)::connect(waiting_.back().get(), where.get(), where.length);
  }
}

connection::connection(const std::string& address, int port, const std::string& source)
  : socket_(socket_for(address)) {
  limit_waiting(socket_.get());
  if (!source.empty()) {
    auto from = place_at(source, 0);
    if (::bind(socket_.get(), from.get(), from.length) != 0)
      throw std::runtime_error(source + " is no address of this machine");
  }
  auto where = place_at(address, port);
  if (::connect(socket_.get(), where.get(), where.length) != 0)
    socket_.reset();
}

bool connection::send(const std::string& text) const {
  return ok() && send_all(socket_.get(), text);
}

std::string connection::read_line() const {
  std::string line;
  char letter = 0;
  while (ok() && ::recv(socket_.get(), &letter, 1, 0) == 1) {
    if (letter == '\n')
      return line;
    line += letter;
  }
  return {};
}

bool connection::ends() const {
  char letter = 0;
  const auto got = ::recv(socket_.get(), &letter, 1, 0);
  return got == 0 || (got < 0 && errno == ECONNRESET);
}

std::string greeting(const std::string& address, int port, const std::string& source) {
  return connection(address, port, source).read_line();
}

void add_frontend(document& pool, const std::string& name, int port, int server_port) {
  pool["haproxy"]["frontends"].push_back({{"name", name},
                                          {"bindPort", port},
                                          {"protocol", "TCP"},
                                          {"linkBackend", {{"defaultBackend", name}}}});
  pool["haproxy"]["backends"].push_back(
    {{"name", name},
     {"protocol", "TCP"},
     {"services",
      {{{"endpoint", {{"type", "ADDRESS"}, {"address", "127.0.0.1"}, {"port", server_port}}}}}}});
}

document tcp_pool(const std::string& name, int port, int server_port) {
  document pool{{"name", name},
                {"haproxy",
                 {{"stats", {{"bindPort", 0}}},
                  {"frontends", document::array()},
                  {"backends", document::array()}}}};
  add_frontend(pool, "in", port, server_port);
  return pool;
}

running_edgelb::running_edgelb(agent_maker make_agents)
  : make_agents_(std::move(make_agents)), program_(installed_haproxy()) {
  open();
}

running_edgelb::~running_edgelb() {
  pools_->stop_instances();
}

void running_edgelb::open() {
  reconciler_settings settings;
  settings.state_folder = folder() / "state";
  settings.tasks_file = tasks_file();
  settings.agents =
    make_agents_ ? make_agents_(addresses_) : agents_from_range(addresses_.text()).value();
  settings.interval = std::chrono::milliseconds(50);
  auto opened = reconciler::open(program_, std::move(settings));
  if (!opened)
    throw std::runtime_error(opened.failure().message);
  pools_ = std::move(*opened);
}

void running_edgelb::restart(const std::function<void()>& meanwhile) {
  pools_.reset();
  if (meanwhile)
    meanwhile();
  open();
}

api_answer running_edgelb::call(const std::string& method, const std::string& path,
                                const document& body) {
  return answer_call(*pools_, {method, path, body.is_null() ? "" : body.dump()});
}

document running_edgelb::create(const document& pool) {
  const auto answer = call("POST", "/v2/pools", pool);
  EXPECT_EQ(answer.status, 200) << answer.body;
  return document::parse(answer.body);
}

void running_edgelb::put(const document& pool) {
  const auto answer = call("PUT", "/v2/pools/" + pool["name"].get<std::string>(), pool);
  EXPECT_EQ(answer.status, 200) << answer.body;
}

document running_edgelb::metadata(const std::string& pool) {
  const auto answer = call("GET", "/v2/pools/" + pool + "/metadata");
  EXPECT_EQ(answer.status, 200) << answer.body;
  return document::parse(answer.body);
}

std::string running_edgelb::private_address(const std::string& pool) {
  return metadata(pool)["frontends"][0]["endpoints"][0]["private"][0].get<std::string>();
}

std::vector<pid_t> haproxies_under(const std::filesystem::path& folder) {
  std::vector<pid_t> found;
  for (const auto& one : running_processes()) {
    if (std::any_of(one.command.begin(), one.command.end(), [&](const std::string& word) {
          return word.rfind(folder.string() + "/", 0) == 0 && word.ends_with("haproxy.cfg");
        }))
      found.push_back(one.pid);
  }
  std::sort(found.begin(), found.end());
  return found;
}

std::vector<pid_t> running_edgelb::haproxies() const {
  return haproxies_under(folder());
}

} // namespace dklb::edgelb::testing
