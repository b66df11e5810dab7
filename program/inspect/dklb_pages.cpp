#include "program/inspect/dklb_pages.hpp"

#include "domain/explanation/leader.hpp"
#include "http/kube/lease.hpp"

#include <utility>

namespace dklb::program {

namespace {

using domain::error_code;

/// The answer of dklb to a Host header that is not its own.
constexpr int misdirected = 421;

domain::error bad_input(std::string message) {
  return {error_code::invalid, std::move(message), {}, 0};
}

/// True for the error body of dklb's own server. That of the API server is a Status object.
bool is_of_dklb(const std::string& text) {
  const auto body = nlohmann::json::parse(text, nullptr, false);
  return body.is_object() && body.contains("error") && !body.contains("kind");
}

domain::result<nlohmann::json> parsed(const http::response& answer) {
  if (answer.status != 200)
    return http::error_from_response(answer);
  auto body = nlohmann::json::parse(answer.body, nullptr, false);
  if (body.is_discarded())
    return domain::malformed("the answer is no JSON");
  return body;
}

/// The next step if the API server answered instead of dklb, or nobody.
std::string advice(const domain::error& failure, const dklb_place& place) {
  const auto& space = place.name_space;
  const auto port = std::to_string(place.port);
  if (failure.http_status == 401)
    return "; see that your kubeconfig is valid: kubectl auth whoami";
  if (failure.http_status == 403)
    return "; ask for the Role dklb-viewer in namespace " + space
           + " (docs/operations.md, \"Rights for kubectl dklb\")";
  if (failure.http_status == 404)
    return "; the leader runs outside of the cluster, on its node's network or in another "
           "namespace: name that with -n, or give --url";
  return "; see that http.listen is not a loopback address, and that no NetworkPolicy keeps the "
         "API server from port "
         + port + ". Or go around it: kubectl -n " + space + " port-forward POD " + port
         + ", and --url http://localhost:" + port;
}

struct lease_place {
  std::string name_space;
  std::string name;
};

lease_place lease_of(const dklb_place& place) {
  const auto slash = place.lease.find('/');
  if (slash == std::string::npos)
    return {place.name_space, place.lease};
  return {place.lease.substr(0, slash), place.lease.substr(slash + 1)};
}

domain::result<domain::lease_record> read_lease(const dklb_place& place, blocking_client& cluster) {
  const auto where = lease_of(place);
  for (const auto& part : {where.name_space, where.name, place.name_space})
    if (!domain::is_object_name(part))
      return bad_input("\"" + part + "\" is no name of a namespace or a Lease");
  const auto object = read_object(cluster, "/apis/coordination.k8s.io/v1/namespaces/"
                                             + where.name_space + "/leases/" + where.name);
  if (object)
    return http::kube::decode_lease(*object);
  auto failure = object.failure();
  const auto lease = "Lease " + where.name_space + "/" + where.name;
  if (failure.http_status == 404) {
    // To the caller, `not_found` is a Service or a pool that dklb does not know.
    failure.code = error_code::unavailable;
    failure.message = "there is no " + lease
                      + ": name dklb's namespace with -n and its leaderElection.leaseName with "
                        "--lease; give --url if it runs without leader election";
  } else {
    failure.message =
      lease + ": " + failure.message
      + (failure.http_status == 401 || failure.http_status == 403 ? advice(failure, place) : "");
  }
  return failure;
}

} // namespace

domain::result<cluster_connection>
connect_to_cluster(const dklb_place& place, const http::kube::access_environment& around) {
  auto access = http::kube::find_access(place.kubeconfig, around, place.context);
  if (!access)
    return std::move(access.failure());
  cluster_connection out;
  out.name_space = access->name_space.empty() ? "default" : access->name_space;
  out.client = std::make_shared<blocking_client>(std::move(access->where), std::move(access->token),
                                                 place.timeout);
  return out;
}

domain::result<nlohmann::json> read_object(blocking_client& client, const std::string& path) {
  const auto answer = client.get(path);
  return answer ? parsed(*answer) : domain::result<nlohmann::json>{answer.failure()};
}

domain::result<dklb_pages> dklb_pages::at_url(const dklb_place& place) {
  if (!place.url.starts_with("http://") && !place.url.starts_with("https://"))
    return bad_input("--url " + place.url + ": give http://ADDRESS:PORT of dklb's http.listen");
  auto where = std::make_shared<http::endpoint>();
  where->base_url = place.url;
  while (where->base_url.ends_with('/'))
    where->base_url.pop_back();
  dklb_pages out;
  out.place_ = place;
  out.client_ = std::make_shared<blocking_client>(std::move(where), nullptr, place.timeout);
  return out;
}

domain::result<dklb_pages> dklb_pages::of_leader(const dklb_place& place,
                                                 std::shared_ptr<blocking_client> cluster,
                                                 domain::page::moment now) {
  const auto lease = read_lease(place, *cluster);
  if (!lease)
    return lease.failure();
  if (lease->holder.empty())
    return domain::error{error_code::unavailable,
                         "no dklb leads now: the Lease " + place.lease
                           + " has no holder. See that dklb's pods run: kubectl -n "
                           + place.name_space + " get pods",
                         {},
                         0};
  const auto host = domain::host_of_holder(lease->holder);
  if (!host)
    return bad_input("the holder of the Lease, \"" + lease->holder
                     + "\", is no pod: give --url http://ADDRESS:PORT of dklb's http.listen");
  dklb_pages out;
  out.place_ = place;
  out.pod_ = *host;
  out.prefix_ = domain::pod_proxy_path(place.name_space, *host, place.port, "");
  out.client_ = std::move(cluster);
  out.warning_ = domain::lease_warning(*lease, now);
  return out;
}

domain::result<nlohmann::json> dklb_pages::read(const std::string& page) {
  auto answer = client_->get(prefix_ + page, host_);
  // The API server hands the name on that it was asked under, which dklb does not know as its own.
  // No web page can set this header, so to set it takes nothing away from the check.
  if (answer && answer->status == misdirected && host_.empty()) {
    host_ = "localhost";
    answer = client_->get(prefix_ + page, host_);
  }
  if (!answer)
    return no_answer(answer.failure());
  auto body = parsed(*answer);
  // What dklb says itself names what is wrong.
  if (body || is_of_dklb(answer->body))
    return body;
  return no_answer(body.failure());
}

domain::error dklb_pages::no_answer(domain::error failure) const {
  if (failure.code == error_code::not_found)
    failure.code = error_code::rejected; // it is not the object that is not there
  failure.message = (pod_.empty() ? place_.url : "pod " + place_.name_space + "/" + pod_) + ": "
                    + failure.message
                    + (pod_.empty() ? "; see that dklb runs there, and that this is its http.listen"
                                    : advice(failure, place_));
  return failure;
}

} // namespace dklb::program
