#include "http/edgelb/credentials.hpp"

#include "http/text/bounded_file.hpp"

#include <spdlog/spdlog.h>
#include <sys/stat.h>

#include <chrono>

namespace dklb::http::edgelb {

namespace {

using clock = std::chrono::steady_clock;

/// Requests that were sent with the token before may still be answered with 401 for this long.
constexpr std::chrono::seconds change_echo{60};
constexpr std::size_t largest_secret = 64U << 10U;

domain::error unreadable(const std::string& path, const std::string& why) {
  return {domain::error_code::invalid, path + ": " + why, std::nullopt, 0};
}

/// The header of a token; a file may also hold the whole value of the header.
std::string header_of(const std::string& token) {
  const bool whole = token.rfind("Bearer ", 0) == 0 || token.rfind("token=", 0) == 0;
  return whole ? token : "Bearer " + token;
}

class fixed_authenticator final : public authenticator {
public:
  explicit fixed_authenticator(const std::string& token) : header_(header_of(token)) {}

  void authorize(std::function<void(domain::result<std::string>)> ready) override {
    ready(header_);
  }
  bool refused() override { return false; }

private:
  std::string header_;
};

/// What tells that a file has changed, also one that was swapped behind a symbolic link.
struct file_identity {
  ino_t inode = 0;
  off_t size = -1;
  timespec modified{};

  bool operator==(const file_identity& other) const {
    return inode == other.inode && size == other.size && modified.tv_sec == other.modified.tv_sec
           && modified.tv_nsec == other.modified.tv_nsec;
  }
};

file_identity identity_of(const std::string& path) {
  struct stat found {};
  if (::stat(path.c_str(), &found) != 0) {
    return {};
  }
  return {found.st_ino, found.st_size, found.st_mtim};
}

class file_authenticator final : public authenticator {
public:
  file_authenticator(std::string path, std::chrono::milliseconds look_interval)
    : path_(std::move(path)), look_interval_(look_interval) {}

  void authorize(std::function<void(domain::result<std::string>)> ready) override {
    if (header_.empty() || clock::now() >= next_look_) {
      look(false);
    }
    if (header_.empty()) {
      ready(failure_);
    } else {
      ready(header_);
    }
  }

  bool refused() override {
    look(true);
    return clock::now() < changed_ + change_echo && changed_ != clock::time_point();
  }

private:
  void look(bool force) {
    next_look_ = clock::now() + look_interval_;
    const file_identity identity = identity_of(path_);
    if (!force && !header_.empty() && identity == identity_) {
      return;
    }
    const auto token = read_secret_file(path_);
    if (!token) {
      failure_ = token.failure();
      failure_.code = domain::error_code::unauthorized; // mended by a file, not by the request
      spdlog::warn("the EdgeLB token cannot be read: {}", failure_.message);
      return;
    }
    identity_ = identity;
    if (std::string header = header_of(*token); header != header_) {
      if (!header_.empty()) {
        changed_ = clock::now();
      }
      header_ = std::move(header);
    }
  }

  std::string path_;
  std::chrono::milliseconds look_interval_;
  std::string header_;
  file_identity identity_;
  domain::error failure_;
  clock::time_point next_look_;
  clock::time_point changed_;
};

} // namespace

domain::result<std::string> read_secret_file(const std::string& path) {
  const auto text = read_bounded_file(path, largest_secret);
  if (!text) {
    return unreadable(path, text.failure().message);
  }
  const auto first = text->find_first_not_of(" \t\r\n");
  if (first == std::string::npos) {
    return unreadable(path, "it is empty");
  }
  return text->substr(first, text->find_last_not_of(" \t\r\n") - first + 1);
}

std::shared_ptr<authenticator> fixed_token(const std::string& token) {
  return std::make_shared<fixed_authenticator>(token);
}

std::shared_ptr<authenticator> token_file(const std::string& path,
                                          std::chrono::milliseconds look_interval) {
  return std::make_shared<file_authenticator>(path, look_interval);
}

domain::result<std::shared_ptr<authenticator>> find_credentials(engine& engine,
                                                                const credential_sources& sources) {
  const auto environment = [&](const char* name) {
    const auto value = sources.get_env ? sources.get_env(name) : std::nullopt;
    return value.value_or("");
  };
  if (!sources.bearer_token_file.empty() && !sources.service_account_file.empty()) {
    return domain::error{domain::error_code::invalid,
                         "edgelb.bearerTokenFile and edgelb.serviceAccountFile are both set; "
                         "keep one of them",
                         std::nullopt, 0};
  }
  if (!sources.bearer_token_file.empty()) {
    return token_file(sources.bearer_token_file);
  }
  secret_source secret;
  if (!sources.service_account_file.empty()) {
    secret = [path = sources.service_account_file] { return read_secret_file(path); };
  } else if (const std::string token = environment("DKLB_EDGELB_TOKEN"); !token.empty()) {
    return fixed_token(token);
  } else if (const std::string text = environment("SERVICE_ACCOUNT_SECRET"); !text.empty()) {
    secret = [text] { return domain::result<std::string>(text); };
  } else {
    return std::shared_ptr<authenticator>();
  }
  return service_account_login(engine, secret, *sources.where);
}

} // namespace dklb::http::edgelb
