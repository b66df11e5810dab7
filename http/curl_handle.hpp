#pragma once

#include "http/message.hpp"

#include <curl/curl.h>

#include <memory>
#include <string>
#include <vector>

namespace dklb::http {

/// Initialises libcurl once a process; safe from any thread.
void initialise_curl();

struct curl_deleter {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using string_list = std::unique_ptr<curl_slist, curl_deleter>;

/// Appends to a list that may be null. Throws std::bad_alloc.
void append(string_list& list, const std::string& text);

/// How a handle is used: a request shares connections (HTTP/2 where TLS offers it), a stream has an
/// HTTP/1.1 connection of its own, so that a paused one never holds back anybody's requests and
/// cancelling it is a closed socket.
enum class handle_use { request, stream };

/// A libcurl easy handle and what it was set up for. Everything that depends on the endpoint alone
/// is set once and stays while the handle is used for the same endpoint again.
class easy_handle {
public:
  easy_handle();
  ~easy_handle();
  easy_handle(const easy_handle&) = delete;
  easy_handle& operator=(const easy_handle&) = delete;

  /// Throws std::exception where libcurl refuses a setting.
  void set_up(const std::shared_ptr<const endpoint>& where, handle_use use);
  bool is_set_up_for(const endpoint* where, handle_use use) const {
    return where_.get() == where && use_ == use;
  }

  CURL* get() const { return easy_; }
  /// What paths are appended to. It names the TLS server where that differs from the host.
  const std::string& base() const { return base_; }
  /// The Host header to send; empty where libcurl's own is right.
  const std::string& host_header() const { return host_header_; }

private:
  void set_up_connection() const;
  void set_up_tls();
  void redirect_to_real_host();

  CURL* easy_;
  std::shared_ptr<const endpoint> where_;
  handle_use use_ = handle_use::request;
  std::string base_;
  std::string host_header_;
  string_list connect_to_;
};

/// Idle handles, used again.
class easy_pool {
public:
  /// A handle for this endpoint, set up. Throws what `set_up` throws.
  std::unique_ptr<easy_handle> take(const std::shared_ptr<const endpoint>& where, handle_use use);
  void give_back(std::unique_ptr<easy_handle> handle);

private:
  std::vector<std::unique_ptr<easy_handle>> idle_;
};

/// curl_easy_setopt that throws std::runtime_error instead of returning a code.
template <class T>
void set_option(CURL* easy, CURLoption option, T value);

void check_option(CURLcode code);

template <class T>
void set_option(CURL* easy, CURLoption option, T value) {
  check_option(curl_easy_setopt(easy, option, value));
}

} // namespace dklb::http
