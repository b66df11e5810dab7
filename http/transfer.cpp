#include "http/transfer.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <system_error>

namespace dklb::http {

namespace {

/// The response headers that somebody reads; the rest is not kept.
constexpr std::array<std::string_view, 6> kept_headers = {
  "content-type", "date", "location", "retry-after", "warning", "www-authenticate"};

constexpr std::chrono::milliseconds longest_connect{10000};

std::string lower_case(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return lower;
}

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) {
    return {};
  }
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

bool has_line_break(std::string_view text) {
  return text.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos;
}

/// Without the query and a user's name and password, which may be secrets.
std::string printable_url(std::string_view base, std::string_view path) {
  std::string url(base);
  const auto scheme_end = url.find("://");
  const auto host = scheme_end == std::string::npos ? 0 : scheme_end + 3;
  const auto authority_end = std::min(url.find('/', host), url.size());
  const auto at = url.rfind('@', authority_end);
  if (at != std::string::npos && at >= host) {
    url.erase(host, at + 1 - host);
  }
  url += path.substr(0, path.find('?'));
  return url;
}

domain::error_code code_of(CURLcode code) {
  using domain::error_code;
  switch (code) {
  case CURLE_OPERATION_TIMEDOUT:
    return error_code::timeout;
  case CURLE_URL_MALFORMAT:
    return error_code::invalid;
  case CURLE_UNSUPPORTED_PROTOCOL: // the first line of the answer is not HTTP
  case CURLE_PARTIAL_FILE:
  case CURLE_BAD_CONTENT_ENCODING:
  case CURLE_WEIRD_SERVER_REPLY:
    return error_code::unavailable;
  default:
    return error_code::transport;
  }
}

} // namespace

transfer::transfer(std::shared_ptr<const endpoint> where, request what)
  : where_(std::move(where)), what_(std::move(what)) {}

transfer::~transfer() = default;

bool transfer::permitted() const {
  if (!what_.permit) {
    return true;
  }
  bool allowed = false;
  call_guarded([&] { allowed = what_.permit(); });
  return allowed;
}

domain::error transfer::not_permitted() const {
  return {domain::error_code::not_leader,
          describe("not sent, because this process does not hold leadership"), std::nullopt, 0};
}

std::string transfer::describe(std::string_view cause) const {
  std::string text = what_.method + " " + printable_url(where_->base_url, what_.path);
  text += ": ";
  text += cause;
  return text;
}

std::optional<domain::error> transfer::prepare(easy_pool& pool, handle_use use) {
  const bool injected =
    has_line_break(what_.path) || has_line_break(what_.method)
    || std::any_of(what_.headers.begin(), what_.headers.end(), [](auto& header) {
         return has_line_break(header.first) || has_line_break(header.second);
       });
  if (injected) {
    return domain::error{domain::error_code::invalid,
                         "a line break in the path or a header of a request to "
                           + printable_url(where_->base_url, ""),
                         std::nullopt, 0};
  }
  try {
    handle_ = pool.take(where_, use);
    set_options();
  } catch (const std::exception& failure) {
    release(pool);
    return domain::error{domain::error_code::invalid, describe(failure.what()), std::nullopt, 0};
  }
  return std::nullopt;
}

void transfer::release(easy_pool& pool) {
  if (handle_ != nullptr) {
    // libcurl keeps pointers to what dies with the transfer; the next user overwrites them all, but
    // for the body.
    (void)curl_easy_setopt(easy(), CURLOPT_HTTPHEADER, nullptr);
    (void)curl_easy_setopt(easy(), CURLOPT_POSTFIELDS, nullptr);
    (void)curl_easy_setopt(easy(), CURLOPT_ERRORBUFFER, nullptr);
    pool.give_back(std::move(handle_));
  }
}

void transfer::set_options() {
  CURL* handle = easy();
  set_option(handle, CURLOPT_URL, (handle_->base() + what_.path).c_str());
  set_option(handle, CURLOPT_PRIVATE, this);
  set_option(handle, CURLOPT_ERRORBUFFER, &error_text_[0]);
  set_option(handle, CURLOPT_HEADERFUNCTION, &transfer::header_callback);
  set_option(handle, CURLOPT_HEADERDATA, this);
  set_option(handle, CURLOPT_WRITEFUNCTION, &transfer::write_callback);
  set_option(handle, CURLOPT_WRITEDATA, this);
  set_option(handle, CURLOPT_PREREQFUNCTION, &transfer::before_request_callback);
  set_option(handle, CURLOPT_PREREQDATA, this);
  set_method();
  set_headers();
  set_kind_options();
}

void transfer::set_method() {
  CURL* handle = easy();
  const bool has_body = !what_.body.empty() || what_.method == "POST" || what_.method == "PUT"
                        || what_.method == "PATCH";
  set_option(handle, CURLOPT_CUSTOMREQUEST, static_cast<const char*>(nullptr));
  if (what_.method == "HEAD") {
    set_option(handle, CURLOPT_NOBODY, 1L);
    return;
  }
  set_option(handle, CURLOPT_HTTPGET, 1L);
  if (has_body) {
    set_option(handle, CURLOPT_POST, 1L);
    set_option(handle, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(what_.body.size()));
    set_option(handle, CURLOPT_POSTFIELDS, what_.body.c_str());
  }
  if (what_.method != (has_body ? "POST" : "GET")) {
    set_option(handle, CURLOPT_CUSTOMREQUEST, what_.method.c_str());
  }
}

void transfer::set_headers() {
  for (const auto& [name, value] : what_.headers) {
    append(headers_, name + (value.empty() ? ";" : ": " + value));
  }
  if (!what_.body.empty()) {
    append(headers_, "Expect:");
  }
  if (!handle_->host_header().empty()) {
    append(headers_, handle_->host_header());
  }
  set_option(easy(), CURLOPT_HTTPHEADER, headers_.get());
}

void transfer::set_connect_timeout(std::chrono::milliseconds total) {
  const auto limit = std::min(total, longest_connect);
  set_option(easy(), CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(limit.count()));
}

bool transfer::is_write() const {
  return what_.method != "GET" && what_.method != "HEAD";
}

/// libcurl repeats a request by itself where a kept connection ends before a byte of the answer.
/// The server may have done a write by then, so a write is issued once; and leadership is asked
/// again here, because connecting may have taken a while since the transfer started.
int transfer::before_request_callback(void* self, char*, char*, int, int) {
  auto* const mine = static_cast<transfer*>(self);
  if (mine->issued_ && mine->is_write()) {
    mine->veto_ = veto::repeated;
  } else if (!mine->permitted()) {
    mine->veto_ = veto::not_permitted;
  }
  mine->issued_ = true;
  return mine->veto_ == veto::none ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT;
}

std::size_t transfer::header_callback(char* data, std::size_t size, std::size_t count, void* self) {
  static_cast<transfer*>(self)->header_line({data, size * count});
  return size * count;
}

void transfer::header_line(std::string_view line) {
  if (line.rfind("HTTP/", 0) == 0) {
    answer_.headers.clear();
    return;
  }
  const std::string_view content = trimmed(line);
  if (content.empty()) {
    if (status() >= 200) {
      headers_done();
    }
    return;
  }
  const auto colon = content.find(':');
  if (colon == std::string_view::npos || answer_.headers.size() >= 64) {
    return;
  }
  std::string name = lower_case(content.substr(0, colon));
  if (std::find(kept_headers.begin(), kept_headers.end(), name) != kept_headers.end()) {
    answer_.headers.emplace_back(std::move(name), trimmed(content.substr(colon + 1)));
  }
}

std::size_t transfer::write_callback(char* data, std::size_t size, std::size_t count, void* self) {
  return static_cast<transfer*>(self)->body_piece({data, size * count});
}

int transfer::status() const {
  long code = 0;
  (void)curl_easy_getinfo(easy(), CURLINFO_RESPONSE_CODE, &code);
  return static_cast<int>(code);
}

domain::error transfer::error_of(CURLcode code) const {
  using domain::error_code;
  if (veto_ == veto::not_permitted) {
    return not_permitted();
  }
  if (veto_ == veto::repeated) {
    return {error_code::transport, describe("the connection ended before an answer"), std::nullopt,
            0};
  }
  if (too_large_) {
    return {
      error_code::malformed,
      describe("the answer is larger than " + std::to_string(what_.max_response_bytes) + " bytes"),
      std::nullopt, status()};
  }
  std::string text = error_text_[0] != '\0' ? error_text_ : curl_easy_strerror(code);
  long system_error = 0;
  (void)curl_easy_getinfo(easy(), CURLINFO_OS_ERRNO, &system_error);
  if (code == CURLE_COULDNT_CONNECT && system_error != 0) {
    text += " (" + std::generic_category().message(static_cast<int>(system_error)) + ")";
  }
  return {code_of(code), describe(text), std::nullopt, 0};
}

void call_guarded(const std::function<void()>& action) noexcept {
  try {
    action();
  } catch (const std::exception& failure) {
    spdlog::error("an exception left a callback of the HTTP engine: {}", failure.what());
  } catch (...) {
    spdlog::error("an unknown exception left a callback of the HTTP engine");
  }
}

} // namespace dklb::http
