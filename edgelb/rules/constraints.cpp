#include "edgelb/rules/constraints.hpp"

#include "edgelb/rules/pattern.hpp"

#include <algorithm>
#include <set>
#include <sstream>

namespace dklb::edgelb {
namespace {

/// `a:B:c,d:E` as lists of parts.
std::vector<std::vector<std::string>> split(const std::string& text) {
  std::vector<std::vector<std::string>> rules;
  std::istringstream whole(text);
  for (std::string one; std::getline(whole, one, ',');) {
    std::vector<std::string> parts;
    std::istringstream rest(one);
    for (std::string part; parts.size() < 2 && std::getline(rest, part, ':');)
      parts.push_back(part);
    if (std::string value; std::getline(rest, value))
      parts.push_back(value);
    rules.push_back(parts);
  }
  return rules;
}

domain::result<std::vector<std::vector<std::string>>> parts_of(const std::string& text) {
  if (text.front() != '[')
    return split(text);
  auto parsed = parse_document(text, "constraints");
  if (!parsed)
    return parsed.failure();
  std::vector<std::vector<std::string>> rules;
  for (const auto& entry : *parsed) {
    if (!entry.is_array() || !std::all_of(entry.begin(), entry.end(), [](const auto& part) {
          return part.is_string();
        }))
      return failure(400, "constraints: each one must be a list of strings, not " + entry.dump());
    rules.push_back(entry.get<std::vector<std::string>>());
  }
  return rules;
}

} // namespace

domain::result<placement_constraints::rule>
placement_constraints::rule_from(const std::vector<std::string>& parts) {
  static const std::set<std::string> plain{"UNIQUE", "GROUP_BY"};
  static const std::set<std::string> with_value{"MAX_PER", "LIKE", "UNLIKE", "CLUSTER", "IS"};
  if (parts.size() < 2 || parts.size() > 3 || parts[0].empty())
    return failure(400,
                   "constraints: each one needs a field, an operator and maybe a value, such as "
                   "[\"hostname\",\"MAX_PER\",\"1\"]");
  rule made{parts[0], parts[1], parts.size() == 3 ? parts[2] : ""};
  if (plain.count(made.operation) == 0 && with_value.count(made.operation) == 0)
    return failure(400, "constraints: " + made.operation
                          + " is no operator: use UNIQUE, MAX_PER, "
                            "GROUP_BY, LIKE, UNLIKE, CLUSTER or IS");
  if (with_value.count(made.operation) != 0 && made.value.empty())
    return failure(400, "constraints: " + made.operation + " needs a value");
  const bool number = made.value.find_first_not_of("0123456789") == std::string::npos;
  if (made.operation == "MAX_PER" && (!number || made.value == "0"))
    return failure(400, "constraints: MAX_PER needs a number above 0, not \"" + made.value + "\"");
  if (made.operation == "LIKE" || made.operation == "UNLIKE") {
    if (auto compiled = pattern::compile(made.value, pattern::match::whole); !compiled)
      return failure(400, "constraints: " + compiled.failure().message);
  }
  return made;
}

domain::result<placement_constraints> placement_constraints::parse(const document& value) {
  placement_constraints made;
  if (value.is_null() || value == "")
    return made;
  auto rules = parts_of(value.get<std::string>());
  if (!rules)
    return rules.failure();
  for (const auto& parts : *rules) {
    auto one = rule_from(parts);
    if (!one)
      return one.failure();
    made.rules_.push_back(*one);
  }
  return made;
}

bool placement_constraints::satisfied(const rule& wanted, const agent& where) {
  if (wanted.operation == "GROUP_BY")
    return true; // spreads instances, and never forbids an agent
  if (wanted.field != "hostname")
    return wanted.operation == "UNLIKE"; // agents here have no attributes
  const auto any = [&](auto&& test) {
    const auto& inside = where.private_addresses;
    const auto& outside = where.public_addresses;
    return std::any_of(inside.begin(), inside.end(), test)
           || std::any_of(outside.begin(), outside.end(), test);
  };
  if (wanted.operation == "CLUSTER" || wanted.operation == "IS")
    return any([&](const std::string& address) { return address == wanted.value; });
  if (wanted.operation == "LIKE" || wanted.operation == "UNLIKE") {
    const auto compiled = pattern::compile(wanted.value, pattern::match::whole);
    const bool like =
      compiled && any([&](const std::string& text) { return compiled->matches(text); });
    return like == (wanted.operation == "LIKE");
  }
  return true; // UNIQUE and MAX_PER on the host always hold
}

bool placement_constraints::allow(const agent& where) const {
  return std::all_of(rules_.begin(), rules_.end(),
                     [&](const rule& wanted) { return satisfied(wanted, where); });
}

} // namespace dklb::edgelb
