#include "tests/controller/controller_fixture.hpp"

#include <cstdlib>
#include <filesystem>
#include <thread>

namespace dklb::controller_test {
namespace {

json short_times() {
  return {{"concurrency",
           {{"poolWriteGap", "20ms"},
            {"resyncPeriod", "1h"},
            {"poll", {{"min", "50ms"}, {"max", "200ms"}}},
            {"retry",
             {{"base", "50ms"},
              {"max", "200ms"},
              {"edgelbTimeout", "5s"},
              {"kubernetesTimeout", "5s"}}}}}};
}

} // namespace

std::string dklb_program() {
  if (const char* const chosen = std::getenv("DKLB_PROGRAM"); chosen != nullptr)
    return chosen;
  return std::filesystem::read_symlink("/proc/self/exe").parent_path() / "dklb";
}

finished_program::finished_program(const std::vector<std::string>& arguments) {
  std::vector<std::string> command{dklb_program()};
  command.insert(command.end(), arguments.begin(), arguments.end());
  const support::temporary_folder folder;
  support::child_process child(command, folder.path() + "/output");
  status = child.wait(20s).value_or(-1);
  output = support::read_file(folder.path() + "/output");
}

void Controller::start(const json& overrides) {
  if (dklb_) {
    dklb_->reconfigure(overrides);
    dklb_->start();
    return;
  }
  auto settings = short_times();
  settings.merge_patch(overrides);
  dklb_ = std::make_unique<support::controller_process>(dklb_program(), kube_, edgelb_, settings,
                                                        "", environment_);
}

void Controller::stop() {
  EXPECT_EQ(dklb_->stop(), 0) << dklb_->output();
}

void Controller::TearDown() {
  EXPECT_EQ(edgelb_.overlapped_pools(), std::vector<std::string>{});
  if (!dklb_)
    return;
  edgelb_.clear_faults();
  kube_.clear_faults();
  // A sanitizer's report ends the process with a status of its own.
  if (dklb_->process().running()) {
    EXPECT_EQ(dklb_->stop(), 0);
  }
  if (HasFailure())
    ADD_FAILURE() << "dklb said:\n" << dklb_->output();
}

json Controller::create(const std::string& name, const std::string& pool,
                        const std::vector<int>& ports, const std::string& more) {
  return kube_.create_service(load_balancer("default", name, ports, "name: " + pool + "\n" + more));
}

void Controller::annotate(const std::string& name, const std::string& text) {
  patch(name, {{"metadata", {{"annotations", {{annotation, text}}}}}});
}

void Controller::patch(const std::string& name, const json& change) {
  kube_.patch_service("default", name, change);
}

void Controller::remove(const std::string& name) {
  kube_.delete_service("default", name);
}

bool Controller::eventually(const std::function<bool()>& holds,
                            std::chrono::milliseconds deadline) const {
  const auto until = std::chrono::steady_clock::now() + deadline;
  while (!holds()) {
    if (std::chrono::steady_clock::now() > until)
      return false;
    std::this_thread::sleep_for(2ms);
  }
  return true;
}

bool Controller::always(const std::function<bool()>& holds,
                        std::chrono::milliseconds during) const {
  return !eventually([&] { return !holds(); }, during);
}

std::vector<std::string> Controller::addresses(const std::string& name) const {
  std::vector<std::string> out;
  const auto object = service(name);
  if (object.is_null())
    return out;
  for (const auto& entry : object["status"]["loadBalancer"].value("ingress", json::array()))
    out.push_back(entry[entry.contains("ip") ? "ip" : "hostname"].get<std::string>());
  return out;
}

json Controller::condition(const std::string& name) const {
  const auto object = service(name);
  if (!object.is_null()) {
    for (const auto& entry : object["status"].value("conditions", json::array())) {
      if (entry["type"] == "kubernetes.dcos.io/Provisioned")
        return entry;
    }
  }
  return json::object();
}

std::vector<std::string> Controller::event_reasons(const std::string& name) const {
  return kube_.event_reasons("default", name);
}

json Controller::explained(const std::string& name) const {
  return dklb_->get("/services/default/" + name).json();
}

std::vector<std::string> Controller::frontends(const std::string& pool) const {
  std::vector<std::string> names;
  if (const auto document = edgelb_.pool(pool)) {
    for (const auto& frontend : (*document)["haproxy"]["frontends"])
      names.push_back(frontend["name"].get<std::string>());
  }
  return names;
}

std::vector<int> Controller::bind_ports(const std::string& pool) const {
  std::vector<int> ports;
  if (const auto document = edgelb_.pool(pool)) {
    for (const auto& frontend : (*document)["haproxy"]["frontends"])
      ports.push_back(frontend["bindPort"].get<int>());
  }
  return ports;
}

std::string Controller::object_name(const std::string& service, int port) {
  return std::string(support::test_cluster) + ":default:" + service + ":" + std::to_string(port);
}

void Controller::wait_quiet(std::chrono::milliseconds quiet) const {
  std::size_t seen = 0;
  do
    seen = writes();
  while (!always([&] { return writes() == seen; }, quiet));
}

void Controller::clear_logs() {
  kube_.clear_log();
  edgelb_.clear_log();
}

pool_json foreign_pool(const std::string& name) {
  return pool_json::parse(R"({
    "zebra": {"z": 1, "a": [3, 1, 2]},
    "name": ")" + name + R"(",
    "cpus": 2.5, "mem": 4096, "count": 3, "role": "slave_public",
    "haproxy": {
      "later": null,
      "frontends": [{"odd": true, "name": "theirs", "bindPort": 9000, "protocol": "HTTP"}],
      "backends": [{"name": "theirs", "strange": {"x": 0.1}, "services": [
        {"endpoint": {"type": "ADDRESS", "address": "10.7.7.7", "port": 7777}}]}]
    }
  })");
}

} // namespace dklb::controller_test
