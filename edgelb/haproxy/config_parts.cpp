#include "edgelb/haproxy/config_parts.hpp"

#include "domain/config/config.hpp"
#include "edgelb/render/raw_lines.hpp"

#include <algorithm>
#include <array>
#include <sstream>

namespace dklb::edgelb {
namespace {

bool starts_section(const std::string& word) {
  static constexpr std::array<std::string_view, 14> keywords{
    "global",   "defaults", "frontend", "backend", "listen", "resolvers",   "peers",
    "userlist", "mailers",  "program",  "cache",   "ring",   "http-errors", "fcgi-app"};
  return std::find(keywords.begin(), keywords.end(), word) != keywords.end();
}

void read_comment(config_parts& into, const std::string& section,
                  const std::vector<std::string>& words) {
  if (words.size() != 3 || words[0] != "#" || words[1] != "drain")
    return;
  if (const auto limit = domain::parse_duration(words[2]))
    into.drains[section] = *limit;
}

} // namespace

std::string backend_of(const std::string& key) {
  return key.substr(0, key.rfind('/'));
}

config_parts parts_of(std::string_view configuration) {
  config_parts found;
  std::string section;
  std::istringstream whole{std::string(configuration)};
  for (std::string line; std::getline(whole, line);) {
    const auto words = words_of(line);
    const auto keyword = words.empty() ? std::string{} : words[0];
    if (keyword.starts_with('#')) {
      read_comment(found, section, words);
      continue;
    }
    // Raw fields may open sections, too: HAProxy does not look at the indentation.
    if (starts_section(keyword))
      section = words.size() > 1 ? words[1] : std::string{};
    if (keyword != "server" || words.size() < 3) {
      found.has_default_server |= keyword == "default-server";
      found.frame += line + "\n";
      continue;
    }
    std::string rest = words[2];
    for (std::size_t index = 3; index < words.size(); ++index)
      rest += " " + words[index];
    found.servers.emplace(section + "/" + words[1], rest);
  }
  return found;
}

std::map<std::string, std::chrono::milliseconds> limited_leavers(std::string_view running,
                                                                 std::string_view wanted) {
  const auto before = parts_of(running);
  const auto after = parts_of(wanted);
  const auto stays = [&](const std::string& backend) {
    const auto next = after.servers.lower_bound(backend + "/");
    return next != after.servers.end() && next->first.starts_with(backend + "/");
  };
  std::map<std::string, std::chrono::milliseconds> leavers;
  for (const auto& [key, line] : before.servers) {
    if (after.servers.count(key) != 0)
      continue;
    const auto backend = backend_of(key);
    const auto& drains =
      stays(backend) || after.drains.count(backend) ? after.drains : before.drains;
    if (const auto limit = drains.find(backend); limit != drains.end())
      leavers.emplace(key, limit->second);
  }
  return leavers;
}

} // namespace dklb::edgelb
