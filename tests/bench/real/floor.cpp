#include "tests/bench/real/floor.hpp"

#include <nlohmann/json.hpp>

#include <stdexcept>

namespace dklb::bench {
namespace {

constexpr std::size_t in_flight = 32; // dklb's default of concurrency.kubernetesInFlight
constexpr const char* all_services = "/api/v1/services";
constexpr const char* status = R"({"status":{"loadBalancer":{"ingress":[{"ip":"203.0.113.1"}]}}})";

std::size_t drop(char*, std::size_t size, std::size_t count, void*) {
  return size * count;
}

std::size_t collect(char* data, std::size_t size, std::size_t count, void* into) {
  static_cast<std::string*>(into)->append(data, size * count);
  return size * count;
}

void require_success(CURL* easy, CURLcode result) {
  long code = 0;
  char* url = nullptr;
  ::curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &code);
  ::curl_easy_getinfo(easy, CURLINFO_EFFECTIVE_URL, &url);
  if (result != CURLE_OK)
    throw std::runtime_error(std::string(url) + ": " + ::curl_easy_strerror(result));
  if (code != 200)
    throw std::runtime_error(std::string(url) + ": status " + std::to_string(code));
}

} // namespace

floor_client::floor_client(access given) : access_(std::move(given)), multi_(::curl_multi_init()) {
  const auto authorization = "Authorization: Bearer " + access_.token;
  read_headers_ = ::curl_slist_append(nullptr, authorization.c_str());
  patch_headers_ = ::curl_slist_append(nullptr, authorization.c_str());
  patch_headers_ =
    ::curl_slist_append(patch_headers_, "Content-Type: application/merge-patch+json");
  for (std::size_t number = 0; number < in_flight; ++number) {
    auto* easy = make_handle(patch_headers_);
    ::curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, drop);
    ::curl_easy_setopt(easy, CURLOPT_POSTFIELDS, status);
    ::curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, "PATCH");
    free_.push_back(easy);
  }
}

CURL* floor_client::make_handle(curl_slist* headers) const {
  auto* easy = ::curl_easy_init();
  ::curl_easy_setopt(easy, CURLOPT_CAINFO, access_.ca_file.c_str());
  ::curl_easy_setopt(easy, CURLOPT_USERAGENT, "bench-floor/1");
  ::curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
  ::curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS));
  ::curl_easy_setopt(easy, CURLOPT_PIPEWAIT, 1L);
  return easy;
}

void floor_client::list() {
  std::string body;
  auto* easy = make_handle(read_headers_);
  const auto url = access_.server + all_services;
  ::curl_easy_setopt(easy, CURLOPT_URL, url.c_str());
  ::curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, collect);
  ::curl_easy_setopt(easy, CURLOPT_WRITEDATA, &body);
  require_success(easy, ::curl_easy_perform(easy));
  ::curl_easy_cleanup(easy);
  const auto found = nlohmann::json::parse(body);
  for (const auto& service : found.at("items"))
    consider(service);
  watch(found.at("metadata").at("resourceVersion").get<std::string>());
}

void floor_client::watch(const std::string& version) {
  watch_ = make_handle(read_headers_);
  const auto url =
    access_.server + all_services + "?watch=1&allowWatchBookmarks=true&resourceVersion=" + version;
  ::curl_easy_setopt(watch_, CURLOPT_URL, url.c_str());
  ::curl_easy_setopt(watch_, CURLOPT_WRITEFUNCTION, collect);
  ::curl_easy_setopt(watch_, CURLOPT_WRITEDATA, &received_);
  ::curl_multi_add_handle(multi_, watch_);
}

void floor_client::run() {
  for (;;) {
    while (!waiting_.empty() && !free_.empty()) {
      patch(waiting_.front());
      waiting_.pop_front();
    }
    int running = 0;
    ::curl_multi_perform(multi_, &running);
    take_finished();
    take_events();
    if (waiting_.empty() || free_.empty())
      ::curl_multi_poll(multi_, nullptr, 0, 1000, nullptr);
  }
}

void floor_client::take_finished() {
  int left = 0;
  while (const auto* message = ::curl_multi_info_read(multi_, &left)) {
    if (message->msg != CURLMSG_DONE)
      continue;
    auto* easy = message->easy_handle;
    require_success(easy, message->data.result);
    ::curl_multi_remove_handle(multi_, easy);
    if (easy == watch_) {
      // The API server ends a watch whose reader is behind, as every client has to expect.
      ::curl_easy_cleanup(easy);
      received_.clear();
      list();
    } else {
      free_.push_back(easy);
    }
  }
}

void floor_client::take_events() {
  std::size_t begin = 0;
  for (auto end = received_.find('\n'); end != std::string::npos;
       end = received_.find('\n', begin)) {
    const auto event = nlohmann::json::parse(received_.data() + begin, received_.data() + end);
    if (event.at("type") == "ADDED")
      consider(event.at("object"));
    begin = end + 1;
  }
  received_.erase(0, begin);
}

void floor_client::consider(const nlohmann::json& service) {
  const bool served = service.at("status").at("loadBalancer").contains("ingress");
  if (served || service.at("spec").at("type") != "LoadBalancer")
    return;
  const auto& metadata = service.at("metadata");
  if (!patched_.insert(metadata.at("uid").get<std::string>()).second)
    return;
  waiting_.push_back(access_.server + "/api/v1/namespaces/"
                     + metadata.at("namespace").get<std::string>() + "/services/"
                     + metadata.at("name").get<std::string>() + "/status");
}

void floor_client::patch(const std::string& url) {
  auto* easy = free_.back();
  free_.pop_back();
  ::curl_easy_setopt(easy, CURLOPT_URL, url.c_str());
  ::curl_multi_add_handle(multi_, easy);
}

} // namespace dklb::bench
