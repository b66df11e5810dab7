#include "http/engine/transfer.hpp"

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
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
}

/// Whether a request's line can hold the path; libcurl writes it there as it is.
bool fits_request_line(std::string_view path) {
  return std::none_of(path.begin(), path.end(),
                      [](unsigned char c) { return c <= ' ' || c == 0x7f || c == '#'; });
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

domain::error transfer::never_sent() const {
  return {domain::error_code::timeout,
          describe("not sent: other requests to this server took all the time"), std::nullopt, 0};
}

std::string transfer::describe(std::string_view cause) const {
  std::string text = what_.method + " " + printable_url(where_->base_url, what_.path);
  text += ": ";
  text += cause;
  return text;
}

std::optional<domain::error> transfer::prepare(easy_pool& pool, handle_use use) {
  const auto unfit = [this](const char* what) {
    return domain::error{domain::error_code::invalid,
                         std::string(what) + " of a request to "
                           + printable_url(where_->base_url, ""),
                         std::nullopt, 0};
  };
  if (!fits_request_line(what_.path)) {
    return unfit("a blank, a control character or a # in the path");
  }
  const bool injected =
    has_line_break(what_.method)
    || std::any_of(what_.headers.begin(), what_.headers.end(), [](auto& header) {
         return has_line_break(header.first) || has_line_break(header.second);
       });
  if (injected) {
    return unfit("a line break in the method or a header");
  }
  try {
    handle_ = pool.take(where_, use);
    handle_->set_user(this);
    handle_->set_request(what_);
    set_limits(*handle_);
  } catch (const std::exception& failure) {
    handle_.reset(); // half set up
    return domain::error{domain::error_code::invalid, describe(failure.what()), std::nullopt, 0};
  }
  return std::nullopt;
}

void transfer::release(easy_pool& pool) {
  if (handle_ != nullptr) {
    handle_->set_user(nullptr);
    pool.give_back(std::move(handle_));
  }
}

bool transfer::is_write() const {
  return what_.method != "GET" && what_.method != "HEAD";
}

/// libcurl repeats a request by itself where a kept connection ends before a byte of the answer.
/// The server may have done a write by then, so a write is issued once; and leadership is asked
/// again here, because connecting may have taken a while since the transfer started.
bool transfer::before_request() {
  if (issued_ && is_write()) {
    veto_ = veto::repeated;
  } else if (!permitted()) {
    veto_ = veto::not_permitted;
  }
  issued_ = true;
  return veto_ == veto::none;
}

void transfer::on_header_line(std::string_view line) {
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
  const char* const words = handle_->error_text();
  std::string text = *words != '\0' ? words : curl_easy_strerror(code);
  long system_error = 0;
  (void)curl_easy_getinfo(easy(), CURLINFO_OS_ERRNO, &system_error);
  if (code == CURLE_COULDNT_CONNECT && system_error != 0) {
    text += " (" + std::generic_category().message(static_cast<int>(system_error)) + ")";
  }
  if (code == CURLE_OPERATION_TIMEDOUT && !connected()) {
    text += "; where a NetworkPolicy or a firewall drops packets it looks like this (the chart's "
            "policy: networkPolicy.egressPorts, networkPolicy.dnsPorts)";
  }
  return {code_of(code), describe(text), std::nullopt, 0};
}

bool transfer::connected() const {
  curl_off_t until_request = 0;
  (void)curl_easy_getinfo(easy(), CURLINFO_PRETRANSFER_TIME_T, &until_request);
  return until_request > 0;
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
