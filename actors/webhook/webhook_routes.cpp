#include "actors/webhook/webhook_routes.hpp"

#include "domain/base/names.hpp"
#include "http/kube/admission_review.hpp"

#include <utility>

namespace dklb::actors {

using http::server::error_answer;
using http::server::incoming;
using http::server::outgoing;

namespace {

domain::admission_verdict judge(const runtime& run, const http::kube::admission_review& review,
                                bool mutate) {
  if (review.unreadable) {
    domain::admission_verdict verdict;
    verdict.allowed = false;
    verdict.code = 400;
    verdict.reason = "BadRequest";
    verdict.message = review.unreadable->message;
    return verdict;
  }
  if (!mutate)
    return domain::validate_service(run.services, review.request);
  return domain::mutate_service(
    run.services, review.request,
    {[&run] { return domain::name_suffix(run.random()); },
     [&run](const std::string& name) { return run.names->contains(name); }});
}

outgoing answer(const runtime& run, const incoming& what) {
  const bool mutate = what.path == "/mutate";
  if (!mutate && what.path != "/validate")
    return error_answer(404, "no such path: " + what.path + "; there are /mutate and /validate");
  if (what.method != "POST")
    return error_answer(405, what.method + " is not served here, only POST");
  const auto review = http::kube::decode_admission_review(what.body);
  if (!review)
    return error_answer(400, review.failure().message);
  const auto verdict = judge(run, *review, mutate);
  if (!verdict.allowed)
    run.log->debug("webhook: denied {}: {}", review->uid, verdict.message);
  return {200, "application/json", http::kube::encode_admission_review(review->uid, verdict)};
}

} // namespace

http::server::handler make_webhook_routes(runtime_ptr run) {
  return [run = std::move(run)](const incoming& what) { return answer(*run, what); };
}

} // namespace dklb::actors
