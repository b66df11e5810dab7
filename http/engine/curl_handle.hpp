#pragma once

#include "http/engine/message.hpp"

#include <curl/curl.h>

#include <array>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace dklb::http {

/// Initialises libcurl once a process; safe from any thread.
void initialise_curl();

struct curl_deleter {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};
using string_list = std::unique_ptr<curl_slist, curl_deleter>;
using url_ptr = std::unique_ptr<CURLU, curl_deleter>;

/// Appends to a list that may be null. Throws std::bad_alloc.
void append(string_list& list, const std::string& text);

/// Who uses a handle at the moment, and hears what libcurl has to tell.
class handle_user {
public:
  virtual ~handle_user() = default;
  /// One line of a response's head, its line end included.
  virtual void on_header_line(std::string_view line) = 0;
  /// A piece of the body. What libcurl's write callback is to return.
  virtual std::size_t on_body_piece(std::string_view piece) = 0;
  /// The connection is there and the request goes out next; false ends it unsent.
  virtual bool before_request() = 0;
};

/// How a handle is used: a request shares connections (HTTP/2 where TLS offers it), a stream has an
/// HTTP/1.1 connection of its own, so that a paused one never holds back anybody's requests and
/// cancelling it is a closed socket.
enum class handle_use { request, stream };

/// A libcurl easy handle and what it was set up for. Everything that depends on the endpoint alone
/// is set once and stays while the handle is used for the same endpoint again, and what did not
/// change since the request before is not set again either.
class easy_handle {
public:
  easy_handle();
  ~easy_handle();
  easy_handle(const easy_handle&) = delete;
  easy_handle& operator=(const easy_handle&) = delete;

  /// Throws std::exception where libcurl refuses a setting, as the other setters do.
  void set_up(const std::shared_ptr<const endpoint>& where, handle_use use);
  bool is_set_up_for(const endpoint* where, handle_use use) const {
    return where_.get() == where && use_ == use;
  }

  /// The user until the next call; null: none.
  void set_user(handle_user* user);
  /// The request's method, URL, headers and body. The body must stay until the transfer is over.
  void set_request(const request& what);
  /// Zero: no limit.
  void set_timeouts(std::chrono::milliseconds total, std::chrono::milliseconds connect);

  CURL* get() const { return easy_; }
  /// libcurl's own words on a failure, may be empty.
  const char* error_text() const { return &error_text_[0]; }

private:
  static std::size_t header_callback(char* data, std::size_t size, std::size_t count, void* self);
  static std::size_t write_callback(char* data, std::size_t size, std::size_t count, void* self);
  static int before_request_callback(void* self, char*, char*, int, int);

  void set_up_callbacks();
  void set_up_connection() const;
  void set_up_tls();
  void redirect_to_real_host();
  void set_method(const request& what);
  void set_compression(bool wanted);
  void set_headers(const header_list& headers, bool has_body);

  CURL* easy_;
  handle_user* user_ = nullptr;
  std::shared_ptr<const endpoint> where_;
  handle_use use_ = handle_use::request;
  std::string base_;        ///< names the TLS server where that differs from the host
  std::string host_header_; ///< empty where libcurl's own is right
  string_list connect_to_;
  std::string method_; ///< as last set; empty after one with a body
  bool compression_ = false;
  header_list headers_;
  bool headers_have_body_ = false;
  string_list header_lines_;
  std::chrono::milliseconds total_timeout_{-1};
  std::array<char, CURL_ERROR_SIZE> error_text_ = {};
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
