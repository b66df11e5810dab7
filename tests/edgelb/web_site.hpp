#pragma once

#include "tests/edgelb/fixture.hpp"

#include <httplib.h>

#include <memory>
#include <string>
#include <thread>

namespace dklb::edgelb::testing {

enum class site_security { plain, tls };

/// A web server on a free port of 127.0.0.1. It answers each request with what reached it: the body
/// is `NAME HOST TARGET`, X-For is the request's X-Forwarded-For. A request with X-Location is
/// answered with 302 and that Location.
class web_site {
public:
  explicit web_site(std::string name, site_security security = site_security::plain);
  ~web_site();
  web_site(const web_site&) = delete;
  web_site& operator=(const web_site&) = delete;

  int port() const { return port_; }
  /// One service of a backend with this site; `misc` is the endpoint's miscStr.
  document service(const std::string& misc = {}) const;

private:
  std::string name_;
  temporary_folder folder_; ///< of the certificate
  std::unique_ptr<httplib::Server> server_;
  int port_ = 0;
  std::thread thread_;
};

/// What a GET through a frontend got. Every client is a new one, with no cookies.
struct web_answer {
  int status = 0; ///< 0: no answer
  std::string body;
  std::string location;
  std::string cookie;        ///< Set-Cookie
  std::string forwarded_for; ///< of the request that reached the site
};
web_answer get(const std::string& address, int port, const std::string& host,
               const std::string& target, const httplib::Headers& more = {});

} // namespace dklb::edgelb::testing
