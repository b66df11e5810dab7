#include "edgelb/haproxy/runtime_change.hpp"

#include "edgelb/haproxy/config_parts.hpp"
#include "edgelb/pools/agents.hpp"
#include "edgelb/render/raw_lines.hpp"

#include <algorithm>
#include <cctype>
#include <sstream>

namespace dklb::edgelb {
namespace {

/// The most parked servers. With more, a reload removes them.
constexpr std::size_t most_parked = 64;

bool has_word(const std::string& line, std::initializer_list<std::string_view> any_of) {
  const auto words = words_of(line);
  return std::any_of(words.begin(), words.end(), [&](const std::string& word) {
    return std::find(any_of.begin(), any_of.end(), word) != any_of.end();
  });
}

/// `10.0.0.5:80`, or `[fd00::5]:80` with or without the quotes that the file needs.
bool is_numeric(const std::string& address_and_port) {
  const auto colon = address_and_port.rfind(':');
  auto address = address_and_port.substr(0, colon);
  std::erase_if(address, [](char letter) { return letter == '[' || letter == ']'; });
  return colon != std::string::npos && is_address(address);
}

/// The command line of HAProxy knows no quotes and ends a command at a semicolon.
bool is_plain(const std::string& text) {
  return std::all_of(text.begin(), text.end(), [](char letter) {
    return std::isalnum(static_cast<unsigned char>(letter)) != 0
           || std::string_view("-_.:/@+=,%[]() ").find(letter) != std::string_view::npos;
  });
}

/// The command `add server`. Empty if the line would mean something else there than in the file: a
/// host name is not resolved, and a server with `disabled` or `track` would be enabled.
std::optional<std::string> addition(const std::string& key, const std::string& line) {
  auto without_quotes = line;
  std::erase(without_quotes, '\'');
  const auto address = without_quotes.substr(0, without_quotes.find(' '));
  if (!is_plain(without_quotes) || !is_plain(key) || !is_numeric(address)
      || has_word(line, {"disabled", "enabled", "track", "agent-check"}))
    return {};
  return "add server " + key + " " + without_quotes;
}

bool bring_in(runtime_change& change, const std::string& key, const std::string& line,
              bool has_default_server) {
  const auto waiting = change.parked.find(key);
  if (waiting != change.parked.end()) {
    if (waiting->second != line || has_word(line, {"disabled"}))
      return false;
    change.parked.erase(waiting);
  } else {
    auto command = addition(key, line);
    if (!command || has_default_server)
      return false;
    change.commands.push_back(std::move(*command));
    if (has_word(line, {"check"}))
      change.commands.push_back("enable health " + key);
  }
  change.commands.push_back("set server " + key + " state ready");
  return true;
}

// The columns of `show servers state`:
// be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state ...
constexpr std::size_t admin_state = 6;

bool is_server(const std::vector<std::string>& words) {
  return words.size() > admin_state && words[0] != "#";
}

bool in_maintenance(const std::vector<std::string>& words) {
  constexpr int forced_maintenance = 1;
  return (std::atoi(words[admin_state].c_str()) & forced_maintenance) != 0;
}

} // namespace

std::optional<runtime_change> plan_runtime_change(std::string_view running, std::string_view wanted,
                                                  const server_lines& parked) {
  const auto before = parts_of(running);
  const auto after = parts_of(wanted);
  if (before.frame != after.frame)
    return {};
  runtime_change change{{}, parked};
  // Add servers before removing others, so that a backend is never without a server.
  for (const auto& [key, line] : after.servers) {
    const auto had = before.servers.find(key);
    if (had == before.servers.end() ? !bring_in(change, key, line, after.has_default_server)
                                    : had->second != line)
      return {};
  }
  for (const auto& [key, line] : before.servers) {
    if (after.servers.count(key) != 0)
      continue;
    change.commands.push_back("set server " + key + " state maint");
    change.parked.emplace(key, line);
  }
  if (change.parked.size() > most_parked)
    return {};
  return change;
}

std::vector<std::string> parked_in(std::string_view dump) {
  std::vector<std::string> parked;
  std::istringstream whole{std::string(dump)};
  for (std::string line; std::getline(whole, line);) {
    const auto words = words_of(line);
    if (is_server(words) && in_maintenance(words))
      parked.push_back(words[1] + "/" + words[3]);
  }
  return parked;
}

std::string surviving_state(std::string_view dump, std::string_view running,
                            std::string_view wanted) {
  const auto before = parts_of(running).servers;
  const auto after = parts_of(wanted).servers;
  const auto same = [&](const std::string& key) {
    const auto left = before.find(key);
    const auto right = after.find(key);
    return left != before.end() && right != after.end() && left->second == right->second;
  };
  std::string kept;
  std::istringstream whole{std::string(dump)};
  for (std::string line; std::getline(whole, line);) {
    const auto words = words_of(line);
    const bool heading = words.size() == 1 || (!words.empty() && words[0] == "#");
    if (heading || (is_server(words) && same(words[1] + "/" + words[3]) && !in_maintenance(words)))
      kept += line + "\n";
  }
  return kept;
}

} // namespace dklb::edgelb
