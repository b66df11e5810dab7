#include "domain/cluster/node_list.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace dklb::domain {

namespace {

/// A text in ten thousand conditions must not change with every node that joins.
constexpr std::size_t most_names = 3;
constexpr std::size_t most_counted = 20;

bool kept_out(const node& what) {
  return what.excluded || what.to_be_deleted;
}

bool has_address(const node& what) {
  return !what.ipv4.empty() || !what.ipv6.empty();
}

/// The addresses of one kind of nodes, by family. `only` are all addresses where the families of
/// the Service are not known.
struct address_groups {
  std::vector<std::string> first;
  std::vector<std::string> second;

  /// False where the node has no address of the families.
  bool add(const node& what, ip_families families) {
    const auto take = [](std::vector<std::string>& into, const std::string& address) {
      if (!address.empty())
        into.push_back(address);
      return !address.empty();
    };
    switch (families) {
    case ip_families::unknown:
      return take(first, what.ipv6_first || what.ipv4.empty() ? what.ipv6 : what.ipv4);
    case ip_families::ipv4:
      return take(first, what.ipv4);
    case ip_families::ipv6:
      return take(first, what.ipv6);
    case ip_families::ipv4_ipv6:
    case ip_families::ipv6_ipv4:
      break;
    }
    const bool six_first = families == ip_families::ipv6_ipv4;
    const bool one = take(first, six_first ? what.ipv6 : what.ipv4);
    const bool other = take(second, six_first ? what.ipv4 : what.ipv6);
    return one || other;
  }

  bool empty() const { return first.empty() && second.empty(); }

  std::vector<std::string> take_all() {
    for (auto* group : {&first, &second}) {
      std::ranges::sort(*group);
      group->erase(std::unique(group->begin(), group->end()), group->end());
    }
    first.insert(first.end(), std::make_move_iterator(second.begin()),
                 std::make_move_iterator(second.end()));
    return std::move(first);
  }
};

bool is_present(const node& what, const address_test& present) {
  return (!what.ipv4.empty() && present(what.ipv4)) || (!what.ipv6.empty() && present(what.ipv6));
}

std::string names_of_families(ip_families families) {
  switch (families) {
  case ip_families::unknown:
    return "InternalIP";
  case ip_families::ipv4:
    return "IPv4 address";
  case ip_families::ipv6:
    return "IPv6 address";
  case ip_families::ipv4_ipv6:
  case ip_families::ipv6_ipv4:
    return "IPv4 or IPv6 address";
  }
  return "InternalIP";
}

/// `n1, n2, n3 and more`
std::string first_names(const std::vector<std::string>& names) {
  std::string out;
  for (std::size_t i = 0; i < std::min(names.size(), most_names); ++i)
    out.append(i == 0 ? "" : ", ").append(names[i]);
  return names.size() > most_names ? out + " and more" : out;
}

std::string counted(std::size_t number) {
  if (number == 0)
    return "the cluster has no nodes";
  if (number == 1)
    return "the cluster has 1 node";
  if (number > most_counted)
    return "the cluster has more than " + std::to_string(most_counted) + " nodes";
  return "the cluster has " + std::to_string(number) + " nodes";
}

} // namespace

bool node_book::seen(node now) {
  auto& known = nodes_[now.name];
  const bool fresh = known.name.empty();
  const listed_node before = known;
  static_cast<node&>(known) = std::move(now);
  known.proven = before.proven || known.ready;
  auto same = known;
  same.ready = before.ready; // counts only by way of `proven`
  return fresh || same != before;
}

bool node_book::gone(const std::string& name) {
  return nodes_.erase(name) > 0;
}

node_list node_book::list() const {
  node_list out;
  out.nodes.reserve(nodes_.size());
  for (const auto& [name, known] : nodes_)
    out.nodes.push_back(known);
  return out;
}

node_choice choose_nodes(const node_list& list, ip_families families, const address_test& present) {
  node_choice out;
  address_groups serving;
  address_groups kept; // of those that are to leave, what the pool has
  address_groups last_resort;
  for (const auto& each : list.nodes) {
    const bool in_pool = (!each.proven || kept_out(each)) && is_present(each, present);
    if (!each.proven && !in_pool)
      continue;
    if (!kept_out(each)) {
      if (!serving.add(each, families))
        out.left_out.push_back(each.name);
      continue;
    }
    if (in_pool)
      kept.add(each, families);
    if (each.proven)
      last_resort.add(each, families);
  }
  auto& chosen = !serving.empty() ? serving : !kept.empty() ? kept : last_resort;
  out.addresses = chosen.take_all();
  return out;
}

std::string no_nodes_text(const node_list& list, ip_families families) {
  std::vector<std::string> without_address;
  std::vector<std::string> not_ready;
  for (const auto& each : list.nodes) {
    address_groups own;
    (own.add(each, families) ? not_ready : without_address).push_back(each.name);
  }
  auto text = "no node can take this Service's traffic: " + counted(list.nodes.size());
  if (!not_ready.empty())
    text += "; not Ready yet: " + first_names(not_ready);
  if (!without_address.empty())
    text += "; without an " + names_of_families(families) + ": " + first_names(without_address);
  return text + "; the Service is served as soon as a node is Ready and has an "
         + names_of_families(families);
}

std::string left_out_text(const std::vector<std::string>& names, ip_families families) {
  return "no traffic goes to the nodes without an " + names_of_families(families) + ": "
         + first_names(names);
}

node_counts count_nodes(const node_list& list) {
  node_counts out;
  for (const auto& each : list.nodes)
    ++(!has_address(each) ? out.no_address
       : !each.proven     ? out.never_ready
       : kept_out(each)   ? out.excluded
                          : out.usable);
  return out;
}

} // namespace dklb::domain
