// Turns a response that is no success into an error.
#include "http/engine/engine.hpp"

#include "http/text/text.hpp"

#include <curl/curl.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <charconv>
#include <ctime>

namespace dklb::http {

namespace {

constexpr std::size_t longest_message = 512;
/// Nobody is kept waiting longer than this by a Retry-After, whatever it says.
constexpr std::chrono::seconds longest_retry_after{24 * 3600};

domain::error_code code_of(int status) {
  using domain::error_code;
  switch (status) {
  case 401:
    return error_code::unauthorized;
  case 403:
    return error_code::forbidden;
  case 404:
    return error_code::not_found;
  case 408: // the server gave up on the request; it says nothing about what is wrong with it
    return error_code::unavailable;
  case 409:
    return error_code::conflict;
  case 410:
    return error_code::gone;
  case 429:
    return error_code::throttled;
  default:
    return status >= 400 && status < 500 ? error_code::rejected : error_code::unavailable;
  }
}

std::optional<std::chrono::milliseconds> retry_after(const response& answer) {
  const std::string value(answer.header("retry-after"));
  if (value.empty()) {
    return std::nullopt;
  }
  long long seconds = 0;
  const char* const end = value.data() + value.size();
  if (const auto parsed = std::from_chars(value.data(), end, seconds);
      parsed.ec != std::errc() || parsed.ptr != end) {
    const std::time_t when = curl_getdate(value.c_str(), nullptr);
    if (when < 0) {
      return std::nullopt;
    }
    // By the server's clock where it tells, so that a difference to ours does not matter.
    const std::time_t said = curl_getdate(std::string(answer.header("date")).c_str(), nullptr);
    seconds = static_cast<long long>(when - (said < 0 ? std::time(nullptr) : said));
  }
  const auto limit = static_cast<long long>(longest_retry_after.count());
  return std::chrono::seconds(std::clamp(seconds, 0LL, limit));
}

/// The `message` of a JSON body: EdgeLB's errors and the Kubernetes Status share it.
std::string json_message(const std::string& body) {
  const auto first = body.find_first_not_of(" \t\r\n");
  if (first == std::string::npos || body[first] != '{') {
    return "";
  }
  const auto parsed = nlohmann::json::parse(body, nullptr, false);
  if (!parsed.is_object()) {
    return "";
  }
  for (const char* const field : {"message", "reason", "error"}) {
    const auto found = parsed.find(field);
    if (found != parsed.end() && found->is_string()
        && !found->get_ref<const std::string&>().empty()) {
      return found->get<std::string>();
    }
  }
  return "";
}

std::string message_of(const response& answer) {
  const std::string status = "HTTP status " + std::to_string(answer.status);
  if (const std::string words = json_message(answer.body); !words.empty()) {
    return readable(words, longest_message);
  }
  if (answer.status >= 300 && answer.status < 400 && !answer.header("location").empty()) {
    return readable(status + ": moved to " + std::string(answer.header("location"))
                      + "; redirects are not followed, so set the URL to where the server is",
                    longest_message);
  }
  const std::string words = readable(without_markup(answer.body), longest_message);
  return words.empty() ? status : readable(status + ": " + words, longest_message);
}

} // namespace

domain::error error_from_response(const response& answer) {
  domain::error failure;
  failure.code = code_of(answer.status);
  failure.message = message_of(answer);
  failure.retry_after = retry_after(answer);
  failure.http_status = answer.status;
  return failure;
}

} // namespace dklb::http
