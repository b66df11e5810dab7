#include "edgelb/pools/reconciler.hpp"

#include "edgelb/haproxy/control_socket.hpp"
#include "edgelb/pools/state_folder.hpp"
#include "edgelb/rules/pool_rules.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>

namespace dklb::edgelb {
namespace {

using clock = std::chrono::steady_clock;

domain::error no_pool(const std::string& name) {
  return failure(404, "there is no pool \"" + name + "\"");
}

} // namespace

reconciler::reconciler(const haproxy_program& program, reconciler_settings settings,
                       descriptor lock)
  : settings_(std::move(settings)), lock_(std::move(lock)),
    store_(settings_.state_folder / "pools", settings_.state_folder / "damaged"),
    plans_(settings_.agents),
    tasks_file_(settings_.tasks_file), host_{program,
                                             store_,
                                             plans_,
                                             settings_.state_folder / "i",
                                             settings_.state_folder / "scratch",
                                             settings_.drain_time,
                                             [this] { return tasks(); }} {}

domain::result<std::unique_ptr<reconciler>> reconciler::open(const haproxy_program& program,
                                                             reconciler_settings settings) {
  std::error_code problem;
  settings.state_folder = std::filesystem::absolute(settings.state_folder, problem);
  const auto example = settings.state_folder / "i" / "01234567" / "s";
  if (example.string().size() > longest_socket_path)
    return failure(500, "the path of the state folder " + settings.state_folder.string()
                          + " is too long for sockets: shorten it by "
                          + std::to_string(example.string().size() - longest_socket_path)
                          + " characters");
  auto lock = claim_state_folder(settings.state_folder);
  if (!lock)
    return lock.failure();
  std::unique_ptr<reconciler> made(new reconciler(program, std::move(settings), std::move(*lock)));
  made->read_tasks();
  if (auto restored = made->restore(); !restored)
    return restored.failure();
  made->upkeep_ = std::thread([self = made.get()] { self->look_after(); });
  return made;
}

reconciler::~reconciler() {
  stop();
}

domain::result<domain::unit> reconciler::restore() {
  auto found = store_.load();
  if (!found)
    return found.failure();
  auto damaged = store_.set_aside();
  for (const auto& one : found->damaged) {
    damaged.insert(one.pool);
    spdlog::error("the record {} cannot be used and is left out: {}. {}. Repair it, move it back "
                  "and start again, or create the pool anew; until then its instances go on as "
                  "they are",
                  one.file, one.reason,
                  one.moved_to.empty() ? "It could not be moved away"
                                       : "It lies in " + one.moved_to + " now");
  }
  const auto running = running_processes();
  std::set<std::string> kept;
  for (auto& record : found->records) {
    const auto name = text_at(record.pool, "name");
    kept.insert(record.draining.begin(), record.draining.end());
    for (const auto& slot : record.instances)
      kept.insert(slot.id);
    auto pool = std::make_shared<managed_pool>(host_, name);
    pool->restore(std::move(record), running);
    pools_.emplace(name, std::move(pool));
  }
  end_strays(kept, damaged, running);
  return domain::unit{};
}

void reconciler::end_strays(const std::set<std::string>& kept, const std::set<std::string>& damaged,
                            const std::vector<found_process>& running) {
  std::vector<std::filesystem::path> strays;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(host_.instances, ignored)) {
    if (kept.count(entry.path().filename().string()) == 0)
      strays.push_back(entry.path());
  }
  for (const auto& folder : strays) {
    const auto id = folder.filename().string();
    if (!is_instance_id(id) || !is_real_folder(folder)) {
      spdlog::warn("{} in the folder of instances is none, and is left as it is", in_quotes(id));
      continue;
    }
    // The instance is from a change that a crash cut short, from a pool that was being deleted, or
    // from a pool with a damaged record. The traffic of the last kind continues.
    haproxy_instance stray(host_.program, folder);
    const bool runs = stray.adopt(running);
    if (const auto pool = pool_of(stray.live());
        runs && damaged.count(pool) && !pools_.count(pool)) {
      orphans_[pool].push_back(std::move(stray));
      continue;
    }
    if (runs)
      spdlog::warn("instance {} belongs to no pool and is ended", id);
    stray.remove();
  }
}

void reconciler::end_orphans(const std::string& pool) {
  const std::unique_lock lock(mutex_);
  const auto found = orphans_.find(pool);
  if (found == orphans_.end())
    return;
  spdlog::warn("pool {}: the instances of its damaged record end, because it is created anew",
               pool);
  for (auto& one : found->second)
    one.remove();
  orphans_.erase(found);
}

std::shared_ptr<managed_pool> reconciler::pool_named(const std::string& name) const {
  const std::shared_lock lock(mutex_);
  const auto found = pools_.find(name);
  return found == pools_.end() ? nullptr : found->second;
}

domain::result<document> reconciler::create(document given) {
  auto wanted = accept_pool(std::move(given));
  if (!wanted)
    return wanted.failure();
  const auto name = text_at(*wanted, "name");
  auto pool = std::make_shared<managed_pool>(host_, name);
  {
    const std::unique_lock lock(mutex_);
    if (!pools_.emplace(name, pool).second)
      return failure(409, "the pool \"" + name + "\" already exists");
  }
  end_orphans(name);
  auto made = pool->apply(*wanted);
  if (made) {
    spdlog::info("pool {}: created", name);
    return made;
  }
  spdlog::warn("pool {}: not created: {}", name, made.failure().message);
  const std::unique_lock lock(mutex_);
  pools_.erase(name);
  return made;
}

domain::result<document> reconciler::replace(const std::string& name, document given) {
  const auto pool = pool_named(name);
  if (!pool || !pool->view())
    return no_pool(name);
  if (given.is_object() && member_at(given, "name").is_null())
    given["name"] = name;
  if (text_at(given, "name") != name)
    return failure(400, "the name of a pool cannot be changed: the path says \"" + name
                          + "\", the body \"" + text_at(given, "name") + "\"");
  auto wanted = accept_pool(std::move(given));
  if (!wanted)
    return wanted.failure();
  auto made = pool->apply(*wanted);
  if (made)
    spdlog::info("pool {}: as asked for", name);
  else
    spdlog::warn("pool {}: not changed: {}", name, made.failure().message);
  return made;
}

domain::result<domain::unit> reconciler::remove(const std::string& name) {
  const auto pool = pool_named(name);
  if (!pool)
    return no_pool(name);
  if (auto removed = pool->remove(); !removed)
    return removed.failure();
  spdlog::info("pool {}: deleted", name);
  const std::unique_lock lock(mutex_);
  pools_.erase(name);
  return domain::unit{};
}

std::shared_ptr<const pool_view> reconciler::find(const std::string& name) const {
  const auto pool = pool_named(name);
  return pool ? pool->view() : nullptr;
}

std::vector<std::shared_ptr<const pool_view>> reconciler::list() const {
  std::vector<std::shared_ptr<const pool_view>> views;
  const std::shared_lock lock(mutex_);
  for (const auto& [name, pool] : pools_) {
    if (auto view = pool->view())
      views.push_back(std::move(view));
  }
  return views;
}

std::shared_ptr<const task_table> reconciler::tasks() const {
  const std::lock_guard lock(tasks_mutex_);
  return tasks_;
}

void reconciler::read_tasks() {
  if (settings_.tasks_file.empty() || !tasks_file_.changed())
    return;
  const auto text = read_file(settings_.tasks_file);
  auto table = text ? task_table::parse(*text) : domain::result<task_table>(text.failure());
  if (!table) {
    spdlog::error("{}; the tasks stay as they were", table.failure().message);
    return;
  }
  const std::lock_guard lock(tasks_mutex_);
  tasks_ = std::make_shared<const task_table>(std::move(*table));
}

void reconciler::tend_where_needed() {
  std::vector<std::pair<std::string, std::shared_ptr<managed_pool>>> all;
  {
    const std::shared_lock lock(mutex_);
    all.assign(pools_.begin(), pools_.end());
  }
  for (const auto& [name, pool] : all) {
    if (!pool->needs_attention(clock::now()))
      continue;
    {
      const std::lock_guard lock(busy_mutex_);
      if (!busy_.insert(name).second)
        continue;
    }
    workers_.submit([this, name = name, pool = pool] {
      pool->tend(clock::now());
      const std::lock_guard lock(busy_mutex_);
      busy_.erase(name);
    });
  }
}

void reconciler::look_after() {
  std::unique_lock lock(stopping_mutex_);
  while (!stopping_) {
    lock.unlock();
    read_tasks();
    tend_where_needed();
    lock.lock();
    stopping_signal_.wait_for(lock, settings_.interval, [this] { return stopping_; });
  }
}

void reconciler::stop() {
  {
    const std::lock_guard lock(stopping_mutex_);
    stopping_ = true;
  }
  stopping_signal_.notify_all();
  if (upkeep_.joinable())
    upkeep_.join();
  workers_.stop();
}

void reconciler::stop_instances() {
  stop();
  const std::shared_lock lock(mutex_);
  for (const auto& [name, pool] : pools_)
    pool->stop();
  for (auto& [name, instances] : orphans_) {
    for (auto& one : instances)
      one.end();
  }
}

} // namespace dklb::edgelb
