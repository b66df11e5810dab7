#include "edgelb/haproxy/haproxy.hpp"

#include "edgelb/api/document.hpp"
#include "edgelb/haproxy/files.hpp"

#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <sstream>

namespace dklb::edgelb {
namespace {

std::vector<std::string> places_to_look() {
  const char* search = std::getenv("PATH");
  std::istringstream whole(search != nullptr ? search : "");
  std::vector<std::string> places;
  for (std::string place; std::getline(whole, place, ':');)
    places.push_back(place);
  places.emplace_back("/usr/sbin");
  places.emplace_back("/usr/local/sbin");
  return places;
}

std::string locate() {
  for (const auto& place : places_to_look()) {
    const auto candidate = place + "/haproxy";
    if (!place.empty() && ::access(candidate.c_str(), X_OK) == 0)
      return candidate;
  }
  return {};
}

/// `2.6.12-1+deb12u4` out of `HAProxy version 2.6.12-1+deb12u4 2026/10/17 - ...`
std::string version_in(const std::string& output) {
  static const std::string before = "version ";
  const auto start = output.find(before);
  if (start == std::string::npos)
    return {};
  const auto from = start + before.size();
  return output.substr(from, output.find_first_of(" \n", from) - from);
}

/// Messages of HAProxy that only announce other messages.
bool says_nothing(const std::string& message) {
  for (const char* words : {"Error(s) found in configuration file", "Fatal errors found",
                            "Some protocols failed to start", "Loading failure"}) {
    if (message.find(words) != std::string::npos)
      return true;
  }
  return message.empty();
}

} // namespace

domain::result<haproxy_program> haproxy_program::find(const std::string& given) {
  haproxy_program found;
  found.path_ = given.empty() ? locate() : given;
  if (found.path_.empty())
    return failure(500, "haproxy was not found in PATH, /usr/sbin or /usr/local/sbin: install the "
                        "package haproxy (apt-get install haproxy), or name it with --haproxy");
  const auto outcome = run_program({found.path_, "-vv"}, std::chrono::seconds(10));
  if (!outcome)
    return failure(500, outcome.failure().message + "; install the package haproxy");
  found.version_ = version_in(outcome->output);
  if (outcome->status != 0 || found.version_.empty())
    return failure(500, found.path_ + " does not answer -vv as HAProxy does");
  if (std::atof(found.version_.c_str()) < 2.6)
    return failure(500, found.path_ + " is HAProxy " + found.version_ + "; 2.6 or newer is needed");
  found.has_exporter_ = outcome->output.find("prometheus-exporter") != std::string::npos;
  return found;
}

std::string alerts_in(const std::string& output) {
  std::istringstream whole(output);
  std::string alerts;
  for (std::string line; std::getline(whole, line);) {
    const auto colon = line.find(" : ");
    if (line.rfind("[ALERT]", 0) != 0 || colon == std::string::npos)
      continue;
    auto message = line.substr(colon + 3);
    if (message.rfind("config : ", 0) == 0)
      message.erase(0, 9);
    if (!says_nothing(message))
      alerts += (alerts.empty() ? "" : "; ") + message;
  }
  return alerts.empty() ? output : alerts;
}

domain::result<domain::unit> haproxy_program::check(const std::string& text,
                                                    const std::filesystem::path& scratch) const {
  static std::atomic<unsigned> number{0};
  const auto file = scratch / ("check-" + std::to_string(number++) + ".cfg");
  if (auto written = write_plainly(file, text); !written)
    return written.failure();
  const auto outcome = run_program({path_, "-c", "-f", file.string()}, std::chrono::seconds(30));
  std::error_code ignored;
  std::filesystem::remove(file, ignored);
  if (!outcome)
    return outcome.failure();
  if (outcome->status == 0)
    return domain::unit{};
  auto words = alerts_in(outcome->output);
  for (auto at = words.find(file.string()); at != std::string::npos; at = words.find(file.string()))
    words.replace(at, file.string().size(), "haproxy.cfg");
  if (outcome->status < 0)
    return failure(500, "haproxy did not check the configuration within 30 s: " + words);
  return failure(400, "HAProxy refuses the configuration: " + words);
}

} // namespace dklb::edgelb
