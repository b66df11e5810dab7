#include "edgelb/render/server_ids.hpp"

#include "edgelb/pools/agents.hpp"
#include "edgelb/pools/ports.hpp"
#include "edgelb/render/raw_lines.hpp"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <map>
#include <set>
#include <string>

namespace dklb::edgelb {

bool places_by_id(const document& backend) {
  const auto lines = raw_lines(backend);
  return std::any_of(lines.begin(), lines.end(), [](const auto& words) {
    return words.size() > 1 && words[0] == "hash-type" && words[1] == "consistent";
  });
}

std::vector<int> server_ids(const std::vector<server>& servers) {
  constexpr std::uint64_t ids_of_haproxy = std::numeric_limits<std::int32_t>::max();
  // In the order of the addresses, so that two with one hash always part the same way.
  std::map<std::string, int> by_address;
  for (const auto& one : servers)
    by_address[socket_text(one.address, one.port)] = 0;
  std::set<std::uint64_t> taken;
  for (auto& [address, id] : by_address) {
    auto place = stable_hash(address) % ids_of_haproxy;
    while (!taken.insert(place).second)
      place = (place + 1) % ids_of_haproxy;
    id = static_cast<int>(place) + 1;
  }
  std::vector<int> ids;
  ids.reserve(servers.size());
  for (const auto& one : servers)
    ids.push_back(by_address[socket_text(one.address, one.port)]);
  return ids;
}

} // namespace dklb::edgelb
