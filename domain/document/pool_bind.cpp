#include "domain/document/pool_bind.hpp"

#include "domain/base/ip_address.hpp"
#include "domain/document/pool_document.hpp"

#include <vector>

namespace dklb::domain {

namespace {

constexpr const char* every_ipv4 = "0.0.0.0";
constexpr const char* every_ipv6 = "::";
/// HAProxy's word for a socket of `::` that takes IPv4 as well.
constexpr std::string_view both_word = "v4v6";

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  while (true) {
    const auto begin = text.find_first_not_of(' ');
    if (begin == std::string_view::npos)
      return words;
    text.remove_prefix(begin);
    words.push_back(text.substr(0, text.find(' ')));
    text.remove_prefix(words.back().size());
  }
}

bool has_modifier(std::string_view text, std::string_view word) {
  for (const auto each : words_of(text))
    if (each == word)
      return true;
  return false;
}

bool takes_ipv4(const bind_point& where) {
  return where.what == bind_point::kind::all_ipv4 || where.what == bind_point::kind::all
         || is_ipv4(where.address);
}

bool takes_ipv6(const bind_point& where) {
  return where.what == bind_point::kind::all_ipv6 || where.what == bind_point::kind::all
         || is_ipv6(where.address);
}

} // namespace

bind_point bind_of(const pool_claim& claim) {
  using enum bind_point::kind;
  if (!claim.bind_address.empty())
    return {one, claim.bind_address};
  switch (claim.families) {
  case ip_families::unknown:
  case ip_families::ipv4:
    return {all_ipv4};
  case ip_families::ipv6:
    return {all_ipv6};
  case ip_families::ipv4_ipv6:
  case ip_families::ipv6_ipv4:
    return {all};
  }
  return {all_ipv4};
}

bind_point bind_in(const pool_document& frontend, bool ours) {
  using enum bind_point::kind;
  const auto& value = member(frontend, "bindAddress");
  if (value.is_null())
    return {all_ipv4}; // EdgeLB's default
  const auto address = canonical_ip(text(value));
  if (!address)
    return {all};
  if (*address == every_ipv4)
    return {all_ipv4};
  if (*address != every_ipv6)
    return {one, *address};
  const auto modifier = text(member(frontend, "bindModifier"));
  const bool only_ipv6 =
    has_modifier(modifier, "v6only") || (ours && !has_modifier(modifier, both_word));
  return {only_ipv6 ? all_ipv6 : all};
}

bool overlap(const bind_point& left, const bind_point& right) {
  using enum bind_point::kind;
  if (left.what == one && right.what == one)
    return left.address == right.address;
  return (takes_ipv4(left) && takes_ipv4(right)) || (takes_ipv6(left) && takes_ipv6(right));
}

bool overlap(const bound_socket& left, const bound_socket& right) {
  return left.port == right.port && overlap(left.where, right.where);
}

std::string to_string(const bind_point& where) {
  switch (where.what) {
  case bind_point::kind::all_ipv4:
    return every_ipv4;
  case bind_point::kind::all_ipv6:
    return every_ipv6;
  case bind_point::kind::all:
    return every_ipv6 + (" " + std::string{both_word});
  case bind_point::kind::one:
    return where.address;
  }
  return every_ipv4;
}

void set_bind(pool_document& frontend, const bind_point& where) {
  using enum bind_point::kind;
  frontend["bindAddress"] = where.what == one        ? where.address
                            : where.what == all_ipv4 ? every_ipv4
                                                     : every_ipv6;
  if (where.what == all)
    frontend["bindModifier"] = both_word;
}

void keep_modifier(const pool_document& current, pool_document& desired) {
  const auto present = text(member(current, "bindModifier"));
  const bool wanted = desired.contains("bindModifier");
  // Beside another address the word is not dklb's.
  const bool added = text(member(current, "bindAddress")) == every_ipv6;
  if (!wanted && !(added && has_modifier(present, both_word)))
    return;
  std::string kept;
  for (const auto word : words_of(present))
    if (word != both_word)
      kept.append(kept.empty() ? "" : " ").append(word);
  if (wanted)
    kept.append(kept.empty() ? "" : " ").append(both_word);
  // The words in their old order are no change.
  desired["bindModifier"] =
    wanted && has_modifier(present, both_word) ? std::string{present} : kept;
}

} // namespace dklb::domain
