#pragma once

#include "tests/support/controller_process.hpp"
#include "tests/support/services.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace dklb::controller_test {

using nlohmann::json;
using support::fault_kind;
using support::load_balancer;
using support::pool_json;
using namespace std::chrono_literals;

/// The annotation that users write.
inline constexpr const char* annotation = "kubernetes.dcos.io/dklb-config";
inline constexpr const char* finalizer = "kubernetes.dcos.io/dklb";

/// The path of the program: `DKLB_PROGRAM` of the environment, else the one beside this test.
std::string dklb_program();

/// The program run to its end.
struct finished_program {
  explicit finished_program(const std::vector<std::string>& arguments);

  int status = -1;
  std::string output;
};

/// The `dklb` program between the two imposters, with times short enough for a test. The inventory
/// is read again only where a test asks for it, so that nothing else repairs what should work.
class Controller : public ::testing::Test {
protected:
  void start(const json& overrides = json::object());
  /// SIGTERM; a clean end is expected.
  void stop();

  /// A Service in namespace default on a pool of that name, unless the annotation says otherwise.
  json create(const std::string& name, const std::string& pool,
              const std::vector<int>& ports = {80}, const std::string& more = {});
  void annotate(const std::string& name, const std::string& text);
  void patch(const std::string& name, const json& change);
  void remove(const std::string& name);

  /// Waits for a condition of either server; false after the deadline.
  bool eventually(const std::function<bool()>& holds,
                  std::chrono::milliseconds deadline = 20s) const;
  /// True where the condition holds during the whole time.
  bool always(const std::function<bool()>& holds, std::chrono::milliseconds during) const;

  json service(const std::string& name) const { return kube_.service("default", name); }
  std::vector<std::string> addresses(const std::string& name) const;
  bool served(const std::string& name) const { return !addresses(name).empty(); }
  bool gone(const std::string& name) const { return service(name).is_null(); }
  /// Our condition on a Service, an empty object where there is none.
  json condition(const std::string& name) const;
  std::string reason(const std::string& name) const { return condition(name).value("reason", ""); }
  std::string message(const std::string& name) const {
    return condition(name).value("message", "");
  }
  std::vector<std::string> event_reasons(const std::string& name) const;
  /// What /services/default/NAME shows.
  json explained(const std::string& name) const;
  bool has_pool(const std::string& name) const { return edgelb_.pool(name).has_value(); }
  /// Names of the frontends in a pool; empty where it does not exist.
  std::vector<std::string> frontends(const std::string& pool) const;
  std::vector<int> bind_ports(const std::string& pool) const;
  static std::string object_name(const std::string& service, int port);
  /// Settled: neither server was written to for this long.
  void wait_quiet(std::chrono::milliseconds quiet = 300ms) const;
  std::size_t writes() const { return kube_.writes() + edgelb_.writes(); }
  void clear_logs();

  support::kube_imposter kube_;
  support::edgelb_imposter edgelb_;
  std::unique_ptr<support::controller_process> dklb_;
  std::map<std::string, std::string> environment_; ///< of dklb, besides our own

  void TearDown() override;
};

/// A pool as somebody else made it, with fields that nobody here knows.
pool_json foreign_pool(const std::string& name);

} // namespace dklb::controller_test
