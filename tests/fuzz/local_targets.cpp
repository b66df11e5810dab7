// What edgelb-local takes from its clients and from its own state folder.
#include "tests/fuzz/parsers.hpp"
#include "tests/fuzz/targets.hpp"

#include "edgelb/metrics/metric_page.hpp"
#include "edgelb/pools/pool_store.hpp"
#include "edgelb/pools/ports.hpp"
#include "edgelb/pools/tasks.hpp"
#include "edgelb/render/renderer.hpp"
#include "edgelb/rules/pool_rules.hpp"
#include "edgelb/rules/pool_schema.hpp"

#include <map>
#include <string>

namespace dklb::fuzz {

namespace {

using namespace edgelb;

const task_table& tasks() {
  static const auto table = *task_table::parse(R"({"frameworks": {"dev/kubernetes01": {"tasks": [
    {"name": "kube-node-1", "agent": "127.0.65.1"}]}}})");
  return table;
}

void render_pool(const document& pool) {
  std::map<std::string, int> ports;
  int next = 20000;
  for (const auto& one : listeners_of(pool))
    ports[one.key] = one.port != 0 ? one.port : next++;
  const agent where{{"127.0.64.16"}, {"127.0.64.48"}, public_role};
  (void)render({pool, where, ports, tasks(), "/run/edgelb-local/socket"});
}

} // namespace

void fuzz_local_pool(std::string_view input) {
  auto given = parse_document(input, "the pool");
  if (!given)
    return;
  const auto pool = complete_pool(std::move(*given));
  if (!pool)
    return;
  const auto again = complete_pool(*pool);
  require(again.has_value() && same_meaning(*pool, *again), "a completed pool is complete");
  if (check_pool(*pool))
    render_pool(*pool);
}

void fuzz_local_record(std::string_view input) {
  const auto record = record_from(input);
  if (!record)
    return;
  const auto again = record_from(to_text(*record));
  require(again.has_value() && again->pool == record->pool && again->ports == record->ports,
          "a record that was read, written and read again is the same");
}

void fuzz_exporter_page(std::string_view input) {
  const auto half = input.size() / 2;
  metric_page made;
  made.merge(input, {{"pool", "p"}, {"instance", "1"}}, "own");
  made.merge(input.substr(half), {{"pool", "p"}, {"instance", "2"}}, "own");
  const auto text = made.text();
  require(text.empty() || text.ends_with('\n'), "a page has whole lines");
  metric_page again;
  again.merge(text, {}, "own");
  metric_page once_more;
  once_more.merge(again.text(), {}, "own");
  require(once_more.text() == again.text(), "a page that was merged is one that can be merged");
}

} // namespace dklb::fuzz
