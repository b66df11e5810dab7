#include "edgelb/haproxy/haproxy.hpp"

#include "edgelb/api/document.hpp"
#include "edgelb/haproxy/control_socket.hpp"
#include "edgelb/haproxy/files.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <csignal>
#include <thread>

namespace dklb::edgelb {
namespace {

using clock = std::chrono::steady_clock;

constexpr auto start_limit = std::chrono::seconds(30);
constexpr auto end_limit = std::chrono::seconds(5);
constexpr auto answer_limit = std::chrono::seconds(2);
constexpr auto look_again = std::chrono::milliseconds(10);
/// The most former processes of one instance. With one more, the oldest is ended, and its
/// connections with it (edgelb/README.md, "What a pool becomes").
constexpr std::size_t most_former = 16;

bool has_word(const found_process& candidate, const char* word) {
  return std::find(candidate.command.begin(), candidate.command.end(), word)
         != candidate.command.end();
}

/// True for the command line of an instance with this configuration file. No other program runs
/// HAProxy in the foreground with a file of the state folder.
bool runs_over(const found_process& candidate, const std::string& config) {
  const auto& words = candidate.command;
  const auto file = std::find(words.begin(), words.end(), config);
  return file != words.end() && file != words.begin() && *(file - 1) == "-f"
         && has_word(candidate, "-db");
}

} // namespace

haproxy_instance::haproxy_instance(const haproxy_program& program, std::filesystem::path folder)
  : program_(&program), folder_(std::move(folder)) {}

pid_t haproxy_instance::answering_process() const {
  auto control = control_connection::open(control_socket(), answer_limit);
  const auto serving = control ? control->pid() : domain::result<pid_t>(control.failure());
  return serving ? *serving : 0;
}

bool haproxy_instance::adopt(const std::vector<found_process>& running) {
  const auto config = config_file().string();
  std::vector<found_process> ours;
  std::copy_if(running.begin(), running.end(), std::back_inserter(ours),
               [&](const found_process& one) { return runs_over(one, config); });
  const auto serving = answering_process();
  bool by_a_master = false;
  for (const auto& one : ours) {
    auto held = process::hold(one.pid);
    if (!held || !held->alive())
      continue;
    // Adopt a process that does not answer, too: its ports are in use.
    if (one.pid == serving || (serving == 0 && &one == &ours.back()))
      process_ = std::move(*held);
    else
      former_.emplace_back(std::move(*held), drain_list{}, std::nullopt);
    // Older versions of this program ran a master process as well. The next reload ends it.
    by_a_master |= has_word(one, "-W");
  }
  if (!alive())
    return false;
  auto text = read_file(config, links::refused);
  live_ = {text ? *text : ""};
  known_ = serving != 0;
  sure_ = known_ && !by_a_master && !std::filesystem::exists(change_mark());
  find_drains();
  return true;
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

domain::result<domain::unit> haproxy_instance::wait_until_live(process& started,
                                                               std::size_t log_start) const {
  const auto deadline = clock::now() + start_limit;
  while (clock::now() < deadline) {
    if (!started.alive())
      return failure(400, "HAProxy ended: " + alerts_in(log_since(log_start)));
    if (answering_process() == started.pid())
      return domain::unit{};
    std::this_thread::sleep_for(look_again);
  }
  return failure(500, "HAProxy did not go live within 30 s; see " + log_file().string());
}

domain::result<domain::unit> haproxy_instance::write_change(const rendered& wanted) {
  sure_ = false;
  if (auto marked = write_plainly(change_mark(), ""); !marked)
    return marked;
  return write_plainly(config_file(), wanted.text);
}

void haproxy_instance::settle(rendered now) {
  live_ = std::move(now);
  known_ = true;
  std::error_code problem;
  std::filesystem::remove(change_mark(), problem);
  sure_ = !problem;
}

domain::result<domain::unit> haproxy_instance::start(const rendered& wanted,
                                                     const haproxy_instance* predecessor) {
  if (auto made = make_private_folder(folder_); !made)
    return made.failure();
  // The states of servers are valid only if they come from a running process.
  const auto states = predecessor != nullptr ? predecessor->server_states(wanted) : std::string{};
  if (auto kept = write_plainly(state_file(), states); !kept)
    return kept;
  if (auto written = write_change(wanted); !written)
    return written;
  // Former processes of a process that has died must not keep a listener open.
  for (const auto& one : former_)
    one.signal(SIGUSR1);
  std::error_code problem;
  std::filesystem::remove(control_socket(), problem);
  std::vector<std::string> command{program_->path(), "-db", "-f", config_file().string()};
  if (predecessor != nullptr)
    command.insert(command.end(), {"-x", predecessor->control_socket().string()});
  const auto log_start = log_size();
  auto started = process::start(command, log_file());
  if (!started)
    return started.failure();
  process_ = std::move(*started);
  parked_.clear();
  drains_ = {};
  if (auto live = wait_until_live(process_, log_start); !live) {
    process_.end(end_limit);
    return live.failure();
  }
  if (known_)
    ++restarts_;
  settle(wanted);
  return domain::unit{};
}

domain::result<domain::unit> haproxy_instance::change(const rendered& wanted) {
  const auto way = sure_ ? plan_runtime_change(live_.text, wanted.text, parked_) : std::nullopt;
  if (!way)
    return reload(wanted);
  if (auto written = write_change(wanted); !written)
    return written;
  if (auto done = change_at_runtime(way->commands); !done) {
    spdlog::info("{}: reloads, because HAProxy did not take the change at runtime: {}",
                 folder_.filename().string(), done.failure().message);
    return reload(wanted);
  }
  parked_ = way->parked;
  keep_returned(wanted);
  drains_ = drains_after(wanted);
  settle(wanted);
  return domain::unit{};
}

domain::result<control_connection> haproxy_instance::own_control() const {
  return lasting_control(control_socket(), process_.pid(), answer_limit);
}

domain::result<domain::unit>
haproxy_instance::change_at_runtime(const std::vector<std::string>& commands) const {
  auto control = own_control();
  if (!control)
    return control.failure();
  for (const auto& command : commands) {
    const auto answer = control->ask(command);
    if (!answer)
      return answer.failure();
    if (!answer->empty() && *answer != "New server registered.")
      return failure(500, command + ": " + *answer);
  }
  return domain::unit{};
}

std::string haproxy_instance::server_states(const rendered& wanted) const {
  auto control = control_connection::open(control_socket(), answer_limit);
  const auto dump =
    control ? control->ask("show servers state") : domain::result<std::string>(control.failure());
  return dump ? surviving_state(*dump, live_.text, wanted.text) : std::string{};
}

domain::result<domain::unit> haproxy_instance::reload(const rendered& wanted) {
  const bool was_sure = sure_;
  // Without the states, a server that is down would count as up until its first failed check.
  if (auto kept = write_plainly(state_file(), server_states(wanted)); !kept)
    return kept;
  if (auto written = write_change(wanted); !written)
    return written;
  // The process that serves now ends connections later only if it is connected to from before.
  auto leaving = drains_after(wanted);
  std::optional<control_connection> control;
  if (!leaving.empty()) {
    if (auto opened = own_control())
      control = std::move(*opened);
  }
  const auto log_start = log_size();
  auto next = process::start({program_->path(), "-db", "-f", config_file().string(), "-x",
                              control_socket().string(), "-sf", std::to_string(process_.pid())},
                             log_file());
  auto live =
    next ? wait_until_live(*next, log_start) : domain::result<domain::unit>(next.failure());
  if (!live) {
    // The former process still serves. Restore its configuration file, too.
    if (next)
      next->end(end_limit);
    if (write_plainly(config_file(), live_.text) && was_sure)
      settle(live_);
    return live;
  }
  keep_returned(wanted);
  former_.emplace_back(std::move(process_), std::move(leaving), std::move(control));
  process_ = std::move(*next);
  ++reloads_;
  parked_.clear();
  drains_ = {};
  settle(wanted);
  bound_former();
  return domain::unit{};
}

void haproxy_instance::bound_former() {
  if (!alive() || former_.size() <= most_former)
    return;
  const auto extra = former_.size() - most_former;
  spdlog::warn("{}: {} processes serve connections from before the last reloads; the oldest ends",
               folder_.filename().string(), former_.size());
  for (std::size_t index = 0; index < extra; ++index)
    former_[index].signal(SIGTERM);
}

bool haproxy_instance::alive() {
  // alive() also reaps a child that has ended.
  std::erase_if(former_, [](former_process& one) { return !one.running().alive(); });
  return process_.alive();
}

void haproxy_instance::ask_to_end() {
  process_.signal(SIGTERM);
  for (const auto& one : former_)
    one.signal(SIGTERM);
}

void haproxy_instance::end() {
  ask_to_end();
  process_.end(end_limit);
  for (auto& one : former_)
    one.running().end(end_limit);
  former_.clear();
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
  // HAProxy keeps the file open for appending, so the content is moved and not the file.
  std::error_code problem;
  std::filesystem::remove(folder_ / "log.1", problem); // a link there is not followed
  std::filesystem::copy_file(log_file(), folder_ / "log.1",
                             std::filesystem::copy_options::overwrite_existing, problem);
  if (!problem)
    std::filesystem::resize_file(log_file(), 0, problem);
}

} // namespace dklb::edgelb
