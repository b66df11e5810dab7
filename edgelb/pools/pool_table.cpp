#include "edgelb/pools/pool_table.hpp"

#include "domain/text/utf8.hpp"

#include <httplib.h>

#include <algorithm>
#include <array>
#include <sstream>
#include <vector>

namespace dklb::edgelb {
namespace {

using row = std::array<std::string, 5>;

/// The port of the first endpoint of a list, 0 if it is empty.
int first_port(const document& endpoints) {
  return endpoints.is_array() && !endpoints.empty() ? integer_at(endpoints.front(), "port", 0) : 0;
}

int frontend_port(const document& metadata, const std::string& name) {
  for (const auto& frontend : member_at(metadata, "frontends")) {
    if (text_at(frontend, "name") == name)
      return first_port(member_at(frontend, "endpoints"));
  }
  return 0;
}

std::string ports_of(const document& pool, const document& metadata) {
  const auto& haproxy = member_at(pool, "haproxy");
  int stats = integer_at(member_at(haproxy, "stats"), "bindPort", 0);
  if (stats == 0)
    stats = first_port(member_at(metadata, "stats"));
  auto ports = std::to_string(stats);
  for (const auto& frontend : member_at(haproxy, "frontends")) {
    int port = integer_at(frontend, "bindPort", 0);
    if (port == 0)
      port = frontend_port(metadata, text_at(frontend, "name"));
    ports += ", " + std::to_string(port);
  }
  return ports;
}

/// Text from another server, made safe for a terminal.
std::string cell(const std::string& text) {
  constexpr std::size_t widest = 64;
  return domain::visible(text, widest);
}

std::string laid_out(const std::vector<row>& rows) {
  std::array<std::size_t, 5> widths{};
  for (const auto& one : rows) {
    for (std::size_t column = 0; column < one.size(); ++column)
      widths[column] = std::max(widths[column], one[column].size());
  }
  std::string text;
  for (const auto& one : rows) {
    std::string line;
    for (std::size_t column = 0; column < one.size(); ++column)
      line += "  " + one[column] + std::string(widths[column] - one[column].size(), ' ');
    text += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
  }
  return text;
}

bool has_free_port(const document& pool) {
  const auto& haproxy = member_at(pool, "haproxy");
  const auto& frontends = member_at(haproxy, "frontends");
  return integer_at(member_at(haproxy, "stats"), "bindPort", 0) == 0
         || std::any_of(frontends.begin(), frontends.end(), [](const document& frontend) {
              return integer_at(frontend, "bindPort", 0) == 0;
            });
}

/// A server, and the path prefix of its API.
struct location {
  std::string server;
  std::string path;
};

location split(std::string url) {
  while (!url.empty() && url.back() == '/')
    url.pop_back();
  const auto host = url.find("://");
  const auto slash = url.find('/', host == std::string::npos ? 0 : host + 3);
  if (slash == std::string::npos)
    return {url, ""};
  return {url.substr(0, slash), url.substr(slash)};
}

domain::result<document> get(httplib::Client& client, const std::string& path) {
  const auto answer = client.Get(path);
  if (!answer)
    return failure(503, "no answer: " + httplib::to_string(answer.error()));
  if (answer->status != 200)
    return failure(answer->status,
                   "status " + std::to_string(answer->status) + ": " + answer->body);
  return parse_document(answer->body, "the answer");
}

} // namespace

std::string pool_table(const document& pools, const std::map<std::string, document>& metadata) {
  std::vector<row> rows{{"NAME", "APIVERSION", "COUNT", "ROLE", "PORTS"}};
  for (const auto& pool : pools) {
    const auto known = metadata.find(text_at(pool, "name"));
    rows.push_back({cell(text_at(pool, "name")), cell(text_at(pool, "apiVersion")),
                    std::to_string(integer_at(pool, "count", 1)), cell(text_at(pool, "role")),
                    ports_of(pool, known == metadata.end() ? document() : known->second)});
  }
  return laid_out(rows);
}

domain::result<std::string> list_pools(const std::string& url, const std::string& token) {
  const auto where = split(url);
  httplib::Client client(where.server);
  if (!client.is_valid())
    return failure(400, "\"" + url + "\" is no URL such as http://127.0.0.1:8080");
  if (!token.empty())
    client.set_bearer_token_auth(token);
  const auto pools = get(client, where.path + "/v2/pools");
  if (!pools)
    return failure(pools.failure().http_status, url + ": " + pools.failure().message);
  std::map<std::string, document> metadata;
  for (const auto& pool : *pools) {
    const auto name = text_at(pool, "name");
    if (!has_free_port(pool))
      continue;
    if (auto found = get(client, where.path + "/v2/pools/" + name + "/metadata"))
      metadata.emplace(name, std::move(*found));
  }
  return pool_table(*pools, metadata);
}

} // namespace dklb::edgelb
