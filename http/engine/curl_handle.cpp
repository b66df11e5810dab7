#include "http/engine/curl_handle.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <mutex>
#include <new>
#include <stdexcept>

namespace dklb::http {

namespace {

/// A peer that went away without a word is noticed after this long, on idle connections by
/// keep-alive probes and on busy ones by unacknowledged data. libcurl's multi interface sends no
/// HTTP/2 pings, so TCP does it for both protocols.
constexpr int probe_seconds = 15;
constexpr unsigned user_timeout_milliseconds = 30000;
/// How long trusted certificates read from a file are kept; a rotated file counts after this.
constexpr long ca_cache_seconds = 60;

curl_socket_t open_socket(void*, curlsocktype, curl_sockaddr* address) {
  // Programs that are started (exec plugins) must not inherit connections.
  const int opened = ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
  if (opened < 0) {
    return CURL_SOCKET_BAD;
  }
  (void)::setsockopt(opened, IPPROTO_TCP, TCP_USER_TIMEOUT, &user_timeout_milliseconds,
                     sizeof user_timeout_milliseconds);
  return opened;
}

curl_blob blob_of(const std::string& text) {
  // The endpoint outlives the handle's use of it, so nothing is copied.
  return {const_cast<char*>(text.data()), text.size(), CURL_BLOB_NOCOPY};
}

void set_blob_or_file(CURL* easy, CURLoption blob_option, const std::string& data,
                      CURLoption file_option, const std::string& file) {
  if (!data.empty()) {
    curl_blob blob = blob_of(data);
    set_option(easy, blob_option, &blob);
  } else if (!file.empty()) {
    set_option(easy, file_option, file.c_str());
  }
}

std::string url_part(CURLU* url, CURLUPart part, unsigned flags = 0) {
  char* text = nullptr;
  if (curl_url_get(url, part, &text, flags) != CURLUE_OK) {
    return "";
  }
  std::string copy = text;
  curl_free(text);
  return copy;
}

url_ptr parse_url(const std::string& text) {
  url_ptr url(curl_url());
  if (url == nullptr) {
    throw std::bad_alloc();
  }
  if (curl_url_set(url.get(), CURLUPART_URL, text.c_str(), 0) != CURLUE_OK) {
    throw std::runtime_error("the URL cannot be used; expected http(s)://host[:port][/path]");
  }
  return url;
}

std::string lower_case(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

/// A SOCKS5 proxy resolves the names, as it does for kubectl and other Go programs; libcurl asks
/// for that with a scheme of its own.
std::string as_go_means_it(const std::string& proxy) {
  constexpr std::string_view scheme = "socks5://";
  return lower_case(proxy.substr(0, scheme.size())) == scheme
           ? "socks5h://" + proxy.substr(scheme.size())
           : proxy;
}

/// The proxy that libcurl would take from the environment for a URL of this scheme; "" for none.
std::string environment_proxy(const std::string& scheme) {
  const std::array names{scheme == "https" ? "https_proxy" : "http_proxy",
                         scheme == "https" ? "HTTPS_PROXY" : "http_proxy", "all_proxy",
                         "ALL_PROXY"};
  for (const char* const name : names) {
    const char* const value = std::getenv(name); // NOLINT(concurrency-mt-unsafe)
    if (value != nullptr && *value != '\0')
      return value;
  }
  return "";
}

bool is_loopback(const std::string& host) {
  return host == "localhost" || host == "[::1]" || host.rfind("127.", 0) == 0;
}

} // namespace

void initialise_curl() {
  static std::once_flag once;
  std::call_once(once, [] {
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
      throw std::runtime_error("libcurl cannot be initialised");
    }
  });
}

void append(string_list& list, const std::string& text) {
  curl_slist* longer = curl_slist_append(list.get(), text.c_str());
  if (longer == nullptr) {
    throw std::bad_alloc();
  }
  (void)list.release();
  list.reset(longer);
}

void check_option(CURLcode code) {
  if (code != CURLE_OK) {
    throw std::runtime_error(curl_easy_strerror(code));
  }
}

easy_handle::easy_handle() : easy_(curl_easy_init()) {
  if (easy_ == nullptr) {
    throw std::bad_alloc();
  }
}

easy_handle::~easy_handle() {
  curl_easy_cleanup(easy_);
}

void easy_handle::set_up(const std::shared_ptr<const endpoint>& where, handle_use use) {
  curl_easy_reset(easy_);
  where_ = where;
  use_ = use;
  base_ = where->base_url;
  while (!base_.empty() && base_.back() == '/') {
    base_.pop_back();
  }
  host_header_.clear();
  connect_to_.reset();
  method_ = "GET";
  headers_.clear();
  header_lines_.reset();
  compression_ = false;
  total_timeout_ = std::chrono::milliseconds(-1);
  const std::string scheme = url_part(parse_url(base_).get(), CURLUPART_SCHEME);
  if (scheme != "http" && scheme != "https") {
    throw std::runtime_error("the URL starts with neither http:// nor https://");
  }
  set_up_callbacks();
  set_up_connection();
  if (scheme == "https") {
    set_up_tls();
    if (!where_->tls_server_name.empty()) {
      redirect_to_real_host();
    }
  }
}

void easy_handle::set_up_callbacks() {
  set_option(easy_, CURLOPT_ERRORBUFFER, error_text_.data());
  set_option(easy_, CURLOPT_HEADERFUNCTION, &easy_handle::header_callback);
  set_option(easy_, CURLOPT_HEADERDATA, this);
  set_option(easy_, CURLOPT_WRITEFUNCTION, &easy_handle::write_callback);
  set_option(easy_, CURLOPT_WRITEDATA, this);
  set_option(easy_, CURLOPT_PREREQFUNCTION, &easy_handle::before_request_callback);
  set_option(easy_, CURLOPT_PREREQDATA, this);
}

void easy_handle::set_up_connection() const {
  set_option(easy_, CURLOPT_NOSIGNAL, 1L);
  set_option(easy_, CURLOPT_PROTOCOLS_STR, "http,https");
  set_option(easy_, CURLOPT_FOLLOWLOCATION, 0L);
  set_option(easy_, CURLOPT_PATH_AS_IS, 1L);
  set_option(easy_, CURLOPT_TCP_NODELAY, 1L);
  set_option(easy_, CURLOPT_TCP_KEEPALIVE, 1L);
  set_option(easy_, CURLOPT_TCP_KEEPIDLE, static_cast<long>(probe_seconds));
  set_option(easy_, CURLOPT_TCP_KEEPINTVL, static_cast<long>(probe_seconds));
  set_option(easy_, CURLOPT_OPENSOCKETFUNCTION, &open_socket);
  set_option(easy_, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  // A name look-up that hangs must not block the engine when its transfer times out.
  set_option(easy_, CURLOPT_QUICK_EXIT, 1L);
  const url_ptr url = parse_url(base_);
  const std::string host = url_part(url.get(), CURLUPART_HOST);
  if (!where_->proxy_url.empty()) {
    set_option(easy_, CURLOPT_PROXY, as_go_means_it(where_->proxy_url).c_str());
    set_option(easy_, CURLOPT_NOPROXY, "");
  } else if (is_loopback(host)) {
    // The environment's proxy is never asked for a loopback address, as in Go programs.
    set_option(easy_, CURLOPT_PROXY, "");
  } else if (const auto proxy = environment_proxy(url_part(url.get(), CURLUPART_SCHEME));
             !proxy.empty()) {
    // The environment's no_proxy still holds.
    set_option(easy_, CURLOPT_PROXY, as_go_means_it(proxy).c_str());
  }
  if (use_ == handle_use::stream) {
    set_option(easy_, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    set_option(easy_, CURLOPT_FRESH_CONNECT, 1L);
    set_option(easy_, CURLOPT_FORBID_REUSE, 1L);
  } else {
    set_option(easy_, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS));
  }
}

void easy_handle::set_up_tls() {
  // libcurl 7.88 sends requests over a connection that an HTTP/1.1 stream holds, where they are
  // never answered, once it knows of an HTTP/2 one to the same server. Connections whose TLS
  // settings differ are never mixed up, so those of streams name the highest version, which is the
  // default.
  const long newest = use_ == handle_use::stream ? static_cast<long>(CURL_SSLVERSION_MAX_TLSv1_3)
                                                 : static_cast<long>(CURL_SSLVERSION_MAX_DEFAULT);
  set_option(easy_, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2) | newest);
  if (use_ == handle_use::request) {
    // The first burst waits for the first connection to tell whether it takes them all; without
    // TLS there is no HTTP/2 and nothing to wait for.
    set_option(easy_, CURLOPT_PIPEWAIT, 1L);
  }
  if (where_->insecure_skip_tls_verify) {
    set_option(easy_, CURLOPT_SSL_VERIFYPEER, 0L);
    set_option(easy_, CURLOPT_SSL_VERIFYHOST, 0L);
  }
  if (!where_->ca_data.empty() || !where_->ca_file.empty()) {
    // A CA of our own replaces the system's; the default directory would still be searched.
    set_option(easy_, CURLOPT_CAPATH, static_cast<const char*>(nullptr));
  }
  set_option(easy_, CURLOPT_CA_CACHE_TIMEOUT, ca_cache_seconds);
  set_blob_or_file(easy_, CURLOPT_CAINFO_BLOB, where_->ca_data, CURLOPT_CAINFO, where_->ca_file);
  set_blob_or_file(easy_, CURLOPT_SSLCERT_BLOB, where_->client_certificate_data, CURLOPT_SSLCERT,
                   where_->client_certificate_file);
  set_blob_or_file(easy_, CURLOPT_SSLKEY_BLOB, where_->client_key_data, CURLOPT_SSLKEY,
                   where_->client_key_file);
}

/// libcurl takes the name to ask for and to verify from the URL, so the URL names the TLS server
/// and the connection goes to the real host; the Host header stays the real one.
void easy_handle::redirect_to_real_host() {
  const url_ptr url = parse_url(base_);
  const std::string host = url_part(url.get(), CURLUPART_HOST);
  const std::string port = url_part(url.get(), CURLUPART_PORT, CURLU_DEFAULT_PORT);
  host_header_ = "Host: " + host;
  if (const std::string given = url_part(url.get(), CURLUPART_PORT); !given.empty()) {
    host_header_ += ":" + given;
  }
  const std::string& name = where_->tls_server_name;
  if (curl_url_set(url.get(), CURLUPART_HOST, name.c_str(), 0) != CURLUE_OK) {
    throw std::runtime_error("the TLS server name cannot be used");
  }
  base_ = url_part(url.get(), CURLUPART_URL);
  while (!base_.empty() && base_.back() == '/') {
    base_.pop_back();
  }
  append(connect_to_, name + ":" + port + ":" + host + ":" + port);
  set_option(easy_, CURLOPT_CONNECT_TO, connect_to_.get());
}

} // namespace dklb::http
