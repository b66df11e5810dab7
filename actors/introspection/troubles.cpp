#include "actors/introspection/troubles.hpp"

#include "http/kube/denial.hpp"

#include <algorithm>
#include <utility>

namespace dklb::actors {

bool trouble_board::said(const std::string& message) const {
  return std::any_of(troubles_.begin(), troubles_.end(),
                     [&](const auto& item) { return item.second == message; });
}

bool trouble_board::note(const std::string& source, const std::string& message) {
  const std::lock_guard lock{mutex_};
  const auto is_new = !said(message);
  troubles_.insert_or_assign(source, message);
  count_ = troubles_.size();
  return is_new;
}

void trouble_board::failing(const std::string& source, const std::string& message) {
  if (note(source, message) && log_)
    log_->warn("{}: {}", source, message);
}

void trouble_board::denied(const std::string& source, const std::string& message) {
  if (!note(source, message))
    return;
  if (log_)
    log_->warn("{}: {}", source, message);
  listener tell;
  {
    const std::lock_guard lock{mutex_};
    tell = tell_;
  }
  if (tell)
    tell({source, message});
}

void trouble_board::kubernetes_failed(const std::string& source, const domain::error& failure) {
  if (const auto denial = http::kube::denial_of(failure))
    denied(source, *denial);
  else
    failing(source, failure.message);
}

void trouble_board::works(const std::string& source) {
  if (count_ == 0)
    return;
  {
    const std::lock_guard lock{mutex_};
    const auto known = troubles_.find(source);
    if (known == troubles_.end())
      return;
    const auto message = std::move(known->second);
    troubles_.erase(known);
    count_ = troubles_.size();
    if (said(message))
      return;
  }
  if (log_)
    log_->info("{}: works again", source);
}

std::vector<trouble> trouble_board::list() const {
  const std::lock_guard lock{mutex_};
  std::vector<trouble> out;
  for (const auto& [source, message] : troubles_)
    if (std::none_of(out.begin(), out.end(),
                     [&text = message](const auto& item) { return item.message == text; }))
      out.push_back({source, message});
  return out;
}

void trouble_board::listen(listener tell) {
  const std::lock_guard lock{mutex_};
  tell_ = std::move(tell);
}

void watch_ages::add(const std::string& name, age_function age) {
  const std::lock_guard lock{mutex_};
  ages_.insert_or_assign(name, std::move(age));
}

void watch_ages::remove(const std::string& name) {
  const std::lock_guard lock{mutex_};
  ages_.erase(name);
}

std::map<std::string, std::chrono::milliseconds> watch_ages::list() const {
  const std::lock_guard lock{mutex_};
  std::map<std::string, std::chrono::milliseconds> out;
  for (const auto& [name, age] : ages_)
    out.emplace(name, age());
  return out;
}

} // namespace dklb::actors
