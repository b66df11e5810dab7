#include "http/kube/access/token_sources.hpp"

#include "http/kube/access/files.hpp"

#include <spdlog/spdlog.h>

#include <mutex>
#include <utility>

namespace dklb::http::kube {
namespace {

constexpr std::chrono::seconds reread_period{60};

class static_token : public token_source {
public:
  explicit static_token(const std::string& token) : credential_{bearer(token), nullptr} {}
  void get(credential_ready ready) override { ready(credential_); }
  bool refused(const credential& /*used*/) override { return false; }

private:
  const credential credential_;
};

class file_token : public token_source {
public:
  file_token(std::string path, const std::string& fallback, source_clocks clocks)
    : path_(std::move(path)), clocks_(std::move(clocks)), current_{bearer(fallback), nullptr} {}

  void get(credential_ready ready) override { ready(read()); }

  bool refused(const credential& used) override {
    const std::lock_guard lock(mutex_);
    fresh_ = fresh_ && used != current_;
    return true;
  }

private:
  domain::result<credential> read() {
    const std::lock_guard lock(mutex_);
    const auto now = clocks_.monotonic();
    if (fresh_ && now - read_at_ < reread_period)
      return current_;
    const auto token = trimmed(read_file(path_).value_or(""));
    if (!token.empty()) {
      current_.authorization = bearer(token);
    } else if (current_.authorization.empty()) {
      return domain::error{domain::error_code::unauthorized,
                           path_
                             + ": no token can be read: see that the file exists, is readable "
                               "and not empty",
                           {},
                           0};
    } else {
      spdlog::warn("{}: no token can be read; the last one goes on being used", path_);
    }
    read_at_ = now;
    fresh_ = true;
    return current_;
  }

  const std::string path_;
  const source_clocks clocks_;
  std::mutex mutex_;
  credential current_;
  bool fresh_ = false;
  std::chrono::steady_clock::time_point read_at_;
};

} // namespace

std::string bearer(const std::string& token) {
  return token.empty() ? "" : "Bearer " + token;
}

std::shared_ptr<token_source> make_static_token(const std::string& token) {
  return std::make_shared<static_token>(token);
}

std::shared_ptr<token_source> make_file_token(std::string path, const std::string& fallback,
                                              source_clocks clocks) {
  return std::make_shared<file_token>(std::move(path), fallback, std::move(clocks));
}

} // namespace dklb::http::kube
