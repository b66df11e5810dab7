// What comes from the API server, from kubectl's files and from plugins.
#include "tests/fuzz/parsers.hpp"
#include "tests/fuzz/targets.hpp"

#include "domain/webhook/admission.hpp"
#include "http/edgelb/jwt.hpp"
#include "http/kube/access/exec_credential.hpp"
#include "http/kube/access/kubeconfig.hpp"
#include "http/kube/admission_review.hpp"
#include "http/kube/codec.hpp"
#include "http/kube/json_reader.hpp"
#include "http/kube/watch/event_lines.hpp"
#include "http/kube/watch/watch_event.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <string>

namespace dklb::fuzz {

namespace {

void decode(http::kube::json_view object) {
  if (const auto service = http::kube::decode_service(object))
    require(!service->key.name.empty(), "a Service that was read has a name");
  (void)http::kube::decode_node(object);
  (void)http::kube::identity_of(object);
}

} // namespace

void fuzz_watch(std::string_view input) {
  if (input.empty())
    return;
  const auto piece = static_cast<std::size_t>(static_cast<unsigned char>(input.front())) + 1;
  input.remove_prefix(1);
  http::kube::event_lines lines{1U << 16U};
  http::kube::json_reader reader;
  while (!input.empty()) {
    const auto chunk = input.substr(0, piece);
    input.remove_prefix(chunk.size());
    const auto fed = lines.feed(chunk, [&](std::string_view line) {
      const auto document = reader.read(line);
      if (!document)
        return false;
      const auto event = http::kube::read_watch_event(*document);
      if (!event)
        return true;
      (void)http::kube::resource_version_of(event->object);
      (void)http::kube::ends_initial_events(event->object);
      if (event->type == http::kube::watch_event_type::error)
        (void)http::kube::error_from_status(event->object);
      else
        decode(event->object);
      return true;
    });
    if (!fed)
      return;
  }
}

void fuzz_list(std::string_view input) {
  http::kube::json_reader reader;
  (void)http::kube::parse_list(reader, input, decode);
}

void fuzz_admission(std::string_view input) {
  const auto review = http::kube::decode_admission_review(input);
  if (!review)
    return;
  domain::service_settings settings;
  settings.cluster = "dev/kubernetes01";
  const domain::name_source names{[] { return std::string{"abcde"}; }, {}};
  for (const auto& verdict : {domain::mutate_service(settings, review->request, names),
                              domain::validate_service(settings, review->request)}) {
    const auto answer = http::kube::encode_admission_review(review->uid, verdict);
    require(nlohmann::json::accept(answer), "the answer to a review is JSON");
  }
}

void fuzz_kubeconfig(std::string_view input) {
  (void)http::kube::read_kubeconfig({{"/home/user/.kube/config", std::string{input}}});
}

void fuzz_credentials(std::string_view input) {
  (void)http::kube::parse_exec_credential(input, "client.authentication.k8s.io/v1");
  (void)http::edgelb::parse_service_account(input);
  (void)http::edgelb::expiry_of(input);
}

} // namespace dklb::fuzz
