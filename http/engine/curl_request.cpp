// What changes from one request of a handle to the next, and the handles that wait for one.
#include "http/engine/curl_handle.hpp"

#include <algorithm>
#include <utility>

namespace dklb::http {

std::size_t easy_handle::header_callback(char* data, std::size_t size, std::size_t count,
                                         void* self) {
  static_cast<easy_handle*>(self)->user_->on_header_line({data, size * count});
  return size * count;
}

std::size_t easy_handle::write_callback(char* data, std::size_t size, std::size_t count,
                                        void* self) {
  return static_cast<easy_handle*>(self)->user_->on_body_piece({data, size * count});
}

int easy_handle::before_request_callback(void* self, char*, char*, int, int) {
  const bool go_on = static_cast<easy_handle*>(self)->user_->before_request();
  return go_on ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT;
}

void easy_handle::set_user(handle_user* user) {
  user_ = user;
  error_text_.front() = '\0';
}

void easy_handle::set_request(const request& what) {
  // Without the slash the path would go on with the host or the port.
  const bool joins = what.path.empty() || what.path.front() == '/' || what.path.front() == '?';
  set_option(easy_, CURLOPT_URL, (base_ + (joins ? "" : "/") + what.path).c_str());
  set_method(what);
  set_compression(use_ == handle_use::request && what.method == "GET");
  set_headers(what.headers, !what.body.empty());
}

/// Lists are worth it; the answers to writes are too small for servers to compress.
void easy_handle::set_compression(bool wanted) {
  if (wanted != compression_) {
    set_option(easy_, CURLOPT_ACCEPT_ENCODING, wanted ? "gzip" : nullptr);
    compression_ = wanted;
  }
}

void easy_handle::set_method(const request& what) {
  const bool has_body =
    !what.body.empty() || what.method == "POST" || what.method == "PUT" || what.method == "PATCH";
  if (!has_body && what.method == method_) {
    return;
  }
  method_ = has_body ? "" : what.method;
  set_option(easy_, CURLOPT_CUSTOMREQUEST, static_cast<const char*>(nullptr));
  if (what.method == "HEAD") {
    set_option(easy_, CURLOPT_NOBODY, 1L);
    return;
  }
  set_option(easy_, CURLOPT_HTTPGET, 1L);
  if (has_body) {
    set_option(easy_, CURLOPT_POST, 1L);
    set_option(easy_, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(what.body.size()));
    set_option(easy_, CURLOPT_POSTFIELDS, what.body.c_str());
  }
  if (what.method != (has_body ? "POST" : "GET")) {
    set_option(easy_, CURLOPT_CUSTOMREQUEST, what.method.c_str());
  }
}

void easy_handle::set_headers(const header_list& headers, bool has_body) {
  if (headers == headers_ && has_body == headers_have_body_ && header_lines_ != nullptr) {
    return;
  }
  string_list lines;
  for (const auto& [name, value] : headers) {
    std::string line = name;
    append(lines, line.append(value.empty() ? ";" : ": ").append(value));
  }
  if (has_body) {
    append(lines, "Expect:");
  }
  if (!host_header_.empty()) {
    append(lines, host_header_);
  }
  set_option(easy_, CURLOPT_HTTPHEADER, lines.get());
  header_lines_ = std::move(lines);
  headers_ = headers;
  headers_have_body_ = has_body;
}

void easy_handle::set_timeouts(std::chrono::milliseconds total, std::chrono::milliseconds connect) {
  if (total != total_timeout_) {
    set_option(easy_, CURLOPT_TIMEOUT_MS, static_cast<long>(total.count()));
    set_option(easy_, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(connect.count()));
    total_timeout_ = total;
  }
}

std::unique_ptr<easy_handle> easy_pool::take(const std::shared_ptr<const endpoint>& where,
                                             handle_use use) {
  const auto fits = std::find_if(idle_.rbegin(), idle_.rend(), [&](const auto& handle) {
    return handle->is_set_up_for(where.get(), use);
  });
  std::unique_ptr<easy_handle> handle;
  if (fits != idle_.rend()) {
    std::swap(*fits, idle_.back());
    handle = std::move(idle_.back());
    idle_.pop_back();
    return handle;
  }
  if (idle_.empty()) {
    handle = std::make_unique<easy_handle>();
  } else {
    handle = std::move(idle_.front());
    idle_.erase(idle_.begin());
  }
  handle->set_up(where, use);
  return handle;
}

void easy_pool::give_back(std::unique_ptr<easy_handle> handle) {
  idle_.push_back(std::move(handle));
}

} // namespace dklb::http
