#pragma once

#include "domain/base/error.hpp"
#include "edgelb/api/document.hpp"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace dklb::edgelb {

/// A running task: the properties that a pool's selectors can use.
struct task {
  std::string framework;
  std::string framework_id;
  std::string name;
  std::string id;
  std::string service_id;                         ///< of Marathon
  std::string container_name;                     ///< of Marathon
  std::string agent_address;                      ///< of its agent
  std::string container_address;                  ///< empty on the host network
  std::vector<std::pair<std::string, int>> ports; ///< name and number
};

/// One server line of a backend.
struct server {
  std::string name;
  std::string address; ///< IP address or host name
  int port = 0;
  bool check = true;
  std::string check_options; ///< customStr, raw
  std::string options;       ///< miscStr, raw

  friend bool operator==(const server&, const server&) = default;
};

/// All running tasks, from the tasks file (edgelb/README.md, "Tasks"). Immutable.
class task_table {
public:
  /// The error names the framework and the task.
  static domain::result<task_table> parse(std::string_view text);

  /// The servers of a completed backend, in the order of the tasks file, without duplicates. An
  /// empty selector selects no task.
  std::vector<server> servers_of(const document& backend) const;

private:
  std::vector<task> tasks_;
};

} // namespace dklb::edgelb
