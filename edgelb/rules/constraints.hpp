#pragma once

#include "edgelb/api/document.hpp"
#include "edgelb/pools/agents.hpp"

#include <string>
#include <vector>

namespace dklb::edgelb {

/// The placement constraints of a pool, in Marathon's style: `hostname:UNIQUE`, several separated
/// by commas, or the text of a JSON list such as `[["hostname","MAX_PER","1"]]`. The field
/// `hostname` is any of the agent's addresses. Whatever the constraints are, two instances
/// of a pool never share an agent, because they would bind the same ports.
class placement_constraints {
public:
  /// `value` is the pool's `constraints`: null, empty, or text. Errors are 400.
  static domain::result<placement_constraints> parse(const document& value);

  /// False if the constraints forbid an instance on this agent.
  bool allow(const agent& where) const;

private:
  struct rule {
    std::string field;
    std::string operation;
    std::string value;
  };

  static domain::result<rule> rule_from(const std::vector<std::string>& parts);
  static bool satisfied(const rule& wanted, const agent& where);

  std::vector<rule> rules_;
};

} // namespace dklb::edgelb
