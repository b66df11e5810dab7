#include "edgelb/api/faults.hpp"

#include <spdlog/spdlog.h>

namespace dklb::edgelb {

domain::result<fault_plan> fault_plan::parse(std::string_view text) {
  auto parsed = parse_document(text, "the fault file");
  if (!parsed)
    return parsed.failure();
  try {
    fault_plan plan;
    plan.latency = std::chrono::milliseconds(parsed->value("latencyMs", 0));
    plan.failure_rate = parsed->value("failureRate", 0.0);
    plan.failure_code = parsed->value("failureCode", 503);
    plan.html = parsed->value("html", false);
    plan.cut_after_write = parsed->value("cutAfterWrite", false);
    plan.metadata_delay = std::chrono::milliseconds(parsed->value("metadataDelayMs", 0));
    plan.methods = parsed->value("methods", std::set<std::string>{});
    if (plan.failure_code < 400 || plan.failure_code > 599)
      return failure(400, "the fault file: failureCode must be from 400 to 599");
    return plan;
  } catch (const document::exception& problem) {
    return failure(400, std::string("the fault file: ") + problem.what());
  }
}

fault fault_injector::next(const std::string& method, const std::string& path) {
  const std::lock_guard lock(mutex_);
  if (file_.path().empty())
    return {};
  if (file_.changed()) {
    const auto text = read_file(file_.path());
    auto plan = text ? fault_plan::parse(*text) : domain::result<fault_plan>(fault_plan{});
    if (plan)
      plan_ = *plan;
    else
      spdlog::error("{}; the faults stay as they were", plan.failure().message);
  }
  if (!plan_.methods.empty() && plan_.methods.count(method) == 0)
    return {};
  fault made;
  made.delay = plan_.latency;
  if (path.size() > 9 && path.compare(path.size() - 9, 9, "/metadata") == 0)
    made.delay += plan_.metadata_delay;
  if (std::uniform_real_distribution<double>(0, 1)(random_) < plan_.failure_rate)
    made.code = plan_.failure_code;
  made.html = plan_.html;
  made.cut_after_write = plan_.cut_after_write && method != "GET";
  return made;
}

} // namespace dklb::edgelb
