// What EdgeLB answers.
#include "tests/fuzz/parsers.hpp"
#include "tests/fuzz/targets.hpp"

#include "domain/pool/pool_plan.hpp"
#include "domain/pool/pool_status.hpp"
#include "http/edgelb/client.hpp"
#include "http/edgelb/metadata_reader.hpp"
#include "http/edgelb/pool_reader.hpp"
#include "http/engine/engine.hpp"

#include <string>
#include <utility>

namespace dklb::fuzz {

namespace {

constexpr const char* cluster = "dev/kubernetes01";

domain::pool_plan_input one_claim(std::optional<domain::pool_document> actual) {
  domain::pool_claim claim;
  claim.service = {"default", "redis"};
  claim.uid = "1";
  claim.pool = "shared";
  claim.ports.push_back({6379, 30379, 6379});
  domain::pool_plan_input input;
  input.actual = std::move(actual);
  input.claims.push_back(std::make_shared<const domain::pool_claim>(std::move(claim)));
  input.releases.insert({"default", "gone"});
  return input;
}

/// A plan over any document is a document that needs no further plan.
void plan_over(const domain::pool_snapshot& snapshot) {
  domain::pool_settings settings;
  settings.cluster = cluster;
  const auto plan = plan_pool(settings, one_claim(document_of(snapshot)));
  if (plan.action != domain::pool_action::replace && plan.action != domain::pool_action::create)
    return;
  const auto again = plan_pool(settings, one_claim(plan.document));
  require(again.action == domain::pool_action::none, "planning over a plan's result is nothing");
}

} // namespace

void fuzz_edgelb_pools(std::string_view input) {
  if (const auto pool = http::edgelb::read_pool(input))
    plan_over(*pool);
  (void)http::edgelb::visit_pools(std::string{input},
                                  [](std::string, domain::pool_snapshot pool) { plan_over(pool); });
  http::response refused;
  refused.status = 400;
  refused.body = std::string{input};
  require(!http::error_from_response(refused).message.empty(), "an error has words");
}

void fuzz_edgelb_metadata(std::string_view input) {
  const auto metadata = http::edgelb::read_metadata(input);
  if (metadata)
    (void)domain::metadata_index{cluster, *metadata}.addresses_of({"default", "redis"});
}

} // namespace dklb::fuzz
