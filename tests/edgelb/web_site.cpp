#include "tests/edgelb/web_site.hpp"

#include "edgelb/haproxy/files.hpp"
#include "tests/http/support/keys.hpp"

#include <stdexcept>

namespace dklb::edgelb::testing {
namespace {

std::unique_ptr<httplib::Server> tls_server(const std::filesystem::path& folder) {
  const tests::certificate_authority authority("site");
  const auto shown = authority.issue("site", "DNS:site.example.com,IP:127.0.0.1");
  const auto certificate = folder / "certificate";
  const auto key = folder / "key";
  if (!write_plainly(certificate, shown.certificate_pem) || !write_plainly(key, shown.key_pem))
    throw std::runtime_error("no certificate");
  return std::make_unique<httplib::SSLServer>(certificate.c_str(), key.c_str());
}

} // namespace

web_site::web_site(std::string name, site_security security) : name_(std::move(name)) {
  server_ = security == site_security::tls ? tls_server(folder_.path())
                                           : std::make_unique<httplib::Server>();
  server_->set_keep_alive_max_count(1);
  server_->Get(".*", [this](const httplib::Request& request, httplib::Response& response) {
    if (request.has_header("X-Location")) {
      response.status = 302;
      response.set_header("Location", request.get_header_value("X-Location"));
    }
    response.set_header("X-For", request.get_header_value("X-Forwarded-For"));
    response.set_content(name_ + " " + request.get_header_value("Host") + " " + request.target,
                         "text/plain");
  });
  port_ = server_->bind_to_any_port("127.0.0.1");
  thread_ = std::thread([this] { server_->listen_after_bind(); });
  while (!server_->is_running())
    std::this_thread::yield();
}

web_site::~web_site() {
  server_->stop();
  thread_.join();
}

document web_site::service(const std::string& misc) const {
  document made{{"endpoint", {{"type", "ADDRESS"}, {"address", "127.0.0.1"}, {"port", port_}}}};
  if (!misc.empty())
    made["endpoint"]["miscStr"] = misc;
  return made;
}

web_answer get(const std::string& address, int port, const std::string& host,
               const std::string& target, const httplib::Headers& more) {
  httplib::Client client(address, port);
  client.set_url_encode(false);
  auto headers = more;
  headers.emplace("Host", host);
  const auto got = client.Get(target, headers);
  if (!got)
    return {};
  return {got->status, got->body, got->get_header_value("Location"),
          got->get_header_value("Set-Cookie"), got->get_header_value("X-For")};
}

} // namespace dklb::edgelb::testing
