#include "sandbox/edgelb/haproxy.hpp"

#include "sandbox/edgelb/control_socket.hpp"
#include "sandbox/edgelb/document.hpp"
#include "sandbox/edgelb/files.hpp"

#include <algorithm>
#include <csignal>
#include <thread>

namespace dklb::sandbox::edgelb {
namespace {

using clock = std::chrono::steady_clock;

constexpr auto start_limit = std::chrono::seconds(30);
constexpr auto end_limit = std::chrono::seconds(5);
constexpr auto look_again = std::chrono::milliseconds(10);

/// True where the command line is that of an instance with this file; nobody else runs it in the
/// foreground as a master over a file in our folder.
bool runs(const found_process& candidate, const std::string& config) {
  const auto& words = candidate.command;
  const auto has = [&](const char* word) {
    return std::find(words.begin(), words.end(), word) != words.end();
  };
  const auto file = std::find(words.begin(), words.end(), config);
  return file != words.end() && file != words.begin() && *(file - 1) == "-f" && has("-W")
         && has("-db");
}

} // namespace

haproxy_instance::haproxy_instance(const haproxy_program& program, std::filesystem::path folder)
  : program_(&program), folder_(std::move(folder)) {}

std::string haproxy_instance::running_revision() const {
  static const std::string before = "description: ";
  const auto info = ask_haproxy(control_socket(), "show info", std::chrono::seconds(2));
  if (!info)
    return {};
  const auto start = info->find(before);
  if (start == std::string::npos)
    return {};
  const auto from = start + before.size();
  return info->substr(from, info->find('\n', from) - from);
}

bool haproxy_instance::adopt(const std::vector<found_process>& running) {
  const auto config = config_file().string();
  for (const auto& candidate : running) {
    if (!runs(candidate, config))
      continue;
    const bool is_worker = std::any_of(running.begin(), running.end(), [&](const auto& other) {
      return other.pid == candidate.parent && runs(other, config);
    });
    if (is_worker)
      continue;
    auto held = process::hold(candidate.pid);
    if (!held || !held->alive())
      continue;
    process_ = std::move(*held);
    auto text = read_file(config, links::refused);
    live_ = {text ? *text : "", running_revision()};
    known_ = !live_.revision.empty();
    return true;
  }
  return false;
}

std::size_t haproxy_instance::log_size() const {
  std::error_code problem;
  if (!std::filesystem::is_regular_file(std::filesystem::symlink_status(log_file(), problem)))
    return 0;
  const auto size = std::filesystem::file_size(log_file(), problem);
  return problem ? 0 : static_cast<std::size_t>(size);
}

std::string haproxy_instance::log_since(std::size_t start) const {
  const auto text = read_file(log_file(), links::refused);
  return text && text->size() > start ? text->substr(start) : std::string{};
}

domain::result<domain::unit> haproxy_instance::wait_until_live(const std::string& revision,
                                                               std::size_t log_start) {
  const auto deadline = clock::now() + start_limit;
  while (clock::now() < deadline) {
    if (!process_.alive())
      return failure(400, "HAProxy ended: " + alerts_in(log_since(log_start)));
    // A signal that comes before the master has set itself up again would be lost: live means that
    // the next reload will be heard, too.
    if (running_revision() == revision && handles_signal(process_.pid(), SIGUSR2))
      return domain::unit{};
    const auto said = log_since(log_start);
    if (said.find("Loading failure!") != std::string::npos)
      return failure(400, "HAProxy did not take the new configuration: " + alerts_in(said));
    std::this_thread::sleep_for(look_again);
  }
  return failure(500, "HAProxy did not go live within 30 s; see " + log_file().string());
}

domain::result<domain::unit> haproxy_instance::start(const rendered& wanted,
                                                     const haproxy_instance* predecessor) {
  if (auto made = make_private_folder(folder_); !made)
    return made.failure();
  if (auto written = write_plainly(config_file(), wanted.text); !written)
    return written.failure();
  std::error_code problem;
  std::filesystem::remove(control_socket(), problem);
  std::vector<std::string> command{program_->path(), "-W", "-db", "-f", config_file().string()};
  if (predecessor != nullptr)
    command.insert(command.end(), {"-x", predecessor->control_socket().string()});
  const auto log_start = log_size();
  auto started = process::start(command, log_file());
  if (!started)
    return started.failure();
  process_ = std::move(*started);
  if (auto live = wait_until_live(wanted.revision, log_start); !live) {
    process_.end(end_limit);
    return live.failure();
  }
  live_ = wanted;
  known_ = true;
  return domain::unit{};
}

domain::result<domain::unit> haproxy_instance::reload(const rendered& wanted) {
  if (auto written = write_plainly(config_file(), wanted.text); !written)
    return written.failure();
  const auto log_start = log_size();
  signal_reload();
  auto live = wait_until_live(wanted.revision, log_start);
  if (live) {
    live_ = wanted;
    return domain::unit{};
  }
  // The old worker still serves; give the master its file back, so that both agree again.
  if (write_plainly(config_file(), live_.text)) {
    const auto again = log_size();
    signal_reload();
    wait_for([&] { return log_since(again).find("Loading ") != std::string::npos; });
  }
  return live.failure();
}

bool haproxy_instance::wait_for(const std::function<bool()>& condition) {
  const auto deadline = clock::now() + end_limit;
  while (process_.alive() && clock::now() < deadline) {
    if (condition())
      return true;
    std::this_thread::sleep_for(look_again);
  }
  return false;
}

void haproxy_instance::signal_reload() {
  // A master that is still setting itself up ignores the signal.
  wait_for([this] { return handles_signal(process_.pid(), SIGUSR2); });
  process_.signal(SIGUSR2);
}

domain::result<domain::unit> haproxy_instance::confirm(const rendered& running) {
  if (live_.text == running.text)
    return domain::unit{};
  live_ = running;
  return write_plainly(config_file(), running.text);
}

void haproxy_instance::end() {
  process_.end(end_limit);
}

void haproxy_instance::remove() {
  end();
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

void haproxy_instance::rotate_log() const {
  constexpr std::size_t most = 1U << 20U;
  if (log_size() < most)
    return;
  // HAProxy keeps the file open for appending: its content is moved, not the file.
  std::error_code problem;
  std::filesystem::remove(folder_ / "log.1", problem); // a link there is not followed
  std::filesystem::copy_file(log_file(), folder_ / "log.1",
                             std::filesystem::copy_options::overwrite_existing, problem);
  if (!problem)
    std::filesystem::resize_file(log_file(), 0, problem);
}

} // namespace dklb::sandbox::edgelb
