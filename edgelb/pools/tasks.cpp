#include "edgelb/pools/tasks.hpp"

#include "edgelb/pools/agents.hpp"
#include "edgelb/rules/pattern.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <set>

namespace dklb::edgelb {
namespace {

domain::result<task> task_from(const std::string& framework, const std::string& framework_id,
                               const document& entry) {
  task made;
  made.framework = framework;
  made.framework_id = framework_id;
  made.name = text_at(entry, "name");
  made.id = text_at(entry, "id");
  made.service_id = text_at(entry, "service");
  made.container_name = text_at(entry, "containerName");
  made.agent_address = text_at(entry, "agent");
  made.container_address = text_at(entry, "container");
  const auto what = "tasks file: framework " + framework + ", task \"" + made.name + "\"";
  if (made.name.empty())
    return failure(400, what + ": each task needs a name");
  if (!is_address(made.agent_address))
    return failure(400, what + ": \"agent\" must be the IP address of the task's agent");
  if (!made.container_address.empty() && !is_address(made.container_address))
    return failure(400, what + ": \"container\" must be an IP address");
  for (const auto& port : member_at(entry, "ports")) {
    const int number = integer_at(port, "port", 0);
    if (number < 1 || number > 65535)
      return failure(400, what + ": each of \"ports\" needs a port from 1 to 65535");
    made.ports.emplace_back(text_at(port, "name"), number);
  }
  return made;
}

/// One property of a task, and the two selectors for it.
struct property {
  const char* exact;
  const char* pattern;
  std::string task::*value;
};

constexpr std::array<property, 4> mesos_properties{{
  {"frameworkName", "frameworkNamePattern", &task::framework},
  {"frameworkID", "frameworkIDPattern", &task::framework_id},
  {"taskName", "taskNamePattern", &task::name},
  {"taskID", "taskIDPattern", &task::id},
}};
constexpr std::array<property, 2> marathon_properties{{
  {"serviceID", "serviceIDPattern", &task::service_id},
  {"containerName", "containerNamePattern", &task::container_name},
}};

enum class verdict { nothing_asked, selected, not_selected };

template <std::size_t Count>
verdict select(const std::array<property, Count>& properties, const document& selector,
               const task& candidate) {
  auto so_far = verdict::nothing_asked;
  for (const auto& one : properties) {
    const auto& value = candidate.*one.value;
    if (const auto wanted = text_at(selector, one.exact); !wanted.empty()) {
      if (value != wanted)
        return verdict::not_selected;
      so_far = verdict::selected;
    }
    if (const auto wanted = text_at(selector, one.pattern); !wanted.empty()) {
      const auto compiled = pattern::compile(wanted, pattern::match::anywhere);
      if (!compiled || !compiled->matches(value))
        return verdict::not_selected;
      so_far = verdict::selected;
    }
  }
  return so_far;
}

bool selected(const document& service, const task& candidate) {
  const auto by_mesos = select(mesos_properties, member_at(service, "mesos"), candidate);
  const auto by_marathon = select(marathon_properties, member_at(service, "marathon"), candidate);
  if (by_mesos == verdict::not_selected || by_marathon == verdict::not_selected)
    return false;
  return by_mesos == verdict::selected || by_marathon == verdict::selected;
}

/// The ports of an endpoint: its own number if it has one, otherwise ports of the task.
std::vector<int> ports_for(const document& endpoint, const task& where) {
  std::vector<int> ports;
  const bool all = flag_at(endpoint, "allPorts", false);
  const auto name = text_at(endpoint, "portName");
  if (const int number = integer_at(endpoint, "port", -1); number > 0 && !all)
    return {number};
  for (const auto& [port_name, number] : where.ports) {
    if (all || (name.empty() && ports.empty()) || (!name.empty() && name == port_name))
      ports.push_back(number);
  }
  return ports;
}

std::string server_name(const std::string& base, int port, std::set<std::string>& used) {
  std::string name;
  for (const char letter : base)
    name += std::isalnum(static_cast<unsigned char>(letter)) != 0 || letter == '-' || letter == '.'
              ? letter
              : '_';
  name += "_" + std::to_string(port);
  const auto wanted = name;
  for (int copy = 2; !used.insert(name).second; ++copy)
    name = wanted + "_" + std::to_string(copy);
  return name;
}

/// Collects servers without duplicates of an address and port.
class collector {
public:
  explicit collector(std::vector<server>& into) : into_(into) {}

  void add(const document& endpoint, const std::string& base, const std::string& address,
           int port) {
    if (!seen_.emplace(address, port).second)
      return;
    const auto& check = member_at(endpoint, "check");
    into_.push_back({server_name(base, port, names_), address, port,
                     flag_at(check, "enabled", true), text_at(check, "customStr"),
                     text_at(endpoint, "miscStr")});
  }

private:
  std::vector<server>& into_;
  std::set<std::pair<std::string, int>> seen_;
  std::set<std::string> names_;
};

} // namespace

domain::result<task_table> task_table::parse(std::string_view text) {
  auto parsed = parse_document(text, "the tasks file");
  if (!parsed)
    return parsed.failure();
  const auto& frameworks = member_at(*parsed, "frameworks");
  if (!frameworks.is_object())
    return failure(400, "the tasks file must hold an object with \"frameworks\"");
  task_table made;
  for (const auto& [name, framework] : frameworks.items()) {
    for (const auto& entry : member_at(framework, "tasks")) {
      auto one = task_from(name, text_at(framework, "id"), entry);
      if (!one)
        return one.failure();
      made.tasks_.push_back(*one);
    }
  }
  return made;
}

std::vector<server> task_table::servers_of(const document& backend) const {
  std::vector<server> servers;
  collector found(servers);
  for (const auto& service : member_at(backend, "services")) {
    const auto& endpoint = member_at(service, "endpoint");
    const auto type = text_at(endpoint, "type");
    if (type == "ADDRESS") {
      const auto address = text_at(endpoint, "address");
      found.add(endpoint, address, address, integer_at(endpoint, "port", -1));
      continue;
    }
    for (const auto& candidate : tasks_) {
      if (!selected(service, candidate))
        continue;
      const bool on_agent = type == "AGENT_IP" || candidate.container_address.empty();
      const auto& address = on_agent ? candidate.agent_address : candidate.container_address;
      for (const int port : ports_for(endpoint, candidate))
        found.add(endpoint, candidate.name, address, port);
    }
  }
  return servers;
}

} // namespace dklb::edgelb
