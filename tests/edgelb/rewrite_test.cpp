// What rewriteHttp, the map and redirectToHttps do to real requests. One HAProxy, a table of rows.
#include "tests/edgelb/web_site.hpp"

#include <gtest/gtest.h>

namespace dklb::edgelb {
namespace {

using testing::get;
using testing::running_edgelb;
using testing::site_security;
using testing::web_site;

constexpr int port = 18080;

/// A pool with one HTTP frontend that sends `NAME.example.com` to the backend NAME.
class site_pool {
public:
  site_pool() : pool_{{"name", "web"}} {
    pool_["haproxy"] = {{"stats", {{"bindPort", 0}}},
                        {"frontends",
                         {{{"name", "in"},
                           {"protocol", "HTTP"},
                           {"bindPort", port},
                           {"linkBackend", {{"map", document::array()}}}}}},
                        {"backends", document::array()}};
  }

  void add(const std::string& name, const document& rewrite, const document& service,
           const std::string& protocol = "HTTP") {
    map_entry({{"backend", name}, {"hostEq", name + ".example.com"}});
    pool_["haproxy"]["backends"].push_back(
      {{"name", name}, {"protocol", protocol}, {"rewriteHttp", rewrite}, {"services", {service}}});
  }
  void map_entry(const document& entry) { frontend()["linkBackend"]["map"].push_back(entry); }
  document& frontend() { return pool_["haproxy"]["frontends"][0]; }
  document& pool() { return pool_; }

private:
  document pool_;
};

document path(const std::string& from, const std::string& to) {
  return {{"path", {{"fromPath", from}, {"toPath", to}}}};
}

class EdgelbHttp : public ::testing::Test {
protected:
  void serve(site_pool& pool) {
    edgelb_.create(pool.pool());
    address_ = edgelb_.private_address("web");
  }

  /// The target that reached the site, empty where none did.
  std::string sent(const std::string& backend, const std::string& target) const {
    const auto body = get(address_, port, backend + ".example.com", target).body;
    const auto at = body.rfind(' ');
    return at == std::string::npos ? std::string{} : body.substr(at + 1);
  }

  /// The Location that a client gets where the site answers with this one.
  std::string turned(const std::string& backend, const std::string& location,
                     const std::string& target = "/nginx/page") const {
    return get(address_, port, backend + ".example.com", target, {{"X-Location", location}})
      .location;
  }

  running_edgelb edgelb_;
  web_site site_{"site"};
  std::string address_;
};

TEST_F(EdgelbHttp, PathsAreRewrittenAsTheTableSays) {
  site_pool pool;
  pool.add("bare-nothing", path("/nginx", ""), site_.service());
  pool.add("bare-root", path("/nginx", "/"), site_.service());
  pool.add("below-nothing", path("/nginx/", ""), site_.service());
  pool.add("bare-sub", path("/nginx", "/sub"), site_.service());
  pool.add("below-sub", path("/nginx/", "/sub/"), site_.service());
  pool.add("all-sub", path("", "/sub"), site_.service());
  pool.add("root-sub", path("/", "/sub/"), site_.service());
  pool.add("no-from", {{"path", {{"toPath", "/sub"}}}}, site_.service());
  pool.add("no-to", {{"path", {{"fromPath", "/nginx"}}}}, site_.service());
  pool.add("no-path", document::object(), site_.service());
  auto off = path("/nginx", "/sub");
  off["request"] = {{"rewritePath", false}};
  pool.add("off", off, site_.service());
  pool.add("letters", path("/a.b", "/c%d\\1"), site_.service());
  serve(pool);
  struct row {
    const char* backend;
    const char* request;
    const char* sent;
  };
  for (const auto& [backend, request, wanted] :
       std::initializer_list<row>{{"bare-nothing", "/nginx", "/"},
                                  {"bare-nothing", "/nginx/", "/"},
                                  {"bare-nothing", "/nginx/a/b", "/a/b"},
                                  {"bare-nothing", "/other", "/other"},
                                  {"bare-root", "/nginx", "/"},
                                  {"bare-root", "/nginx/", "/"},
                                  {"bare-root", "/nginx/a/b", "/a/b"},
                                  {"bare-root", "/nginx/a?q=/nginx/x", "/a?q=/nginx/x"},
                                  {"bare-root", "/nginx?q=1", "/?q=1"},
                                  {"bare-root", "/nginxes/a", "/nginxes/a"},
                                  {"bare-root", "/x/nginx/a", "/x/nginx/a"},
                                  {"bare-root", "/nginx//a", "//a"},
                                  {"below-nothing", "/nginx", "/nginx"},
                                  {"below-nothing", "/nginx/", "/"},
                                  {"below-nothing", "/nginx/a", "/a"},
                                  {"bare-sub", "/nginx", "/sub"},
                                  {"bare-sub", "/nginx/", "/sub/"},
                                  {"bare-sub", "/nginx/x", "/sub/x"},
                                  {"bare-sub", "/nginx?q", "/sub?q"},
                                  {"below-sub", "/nginx", "/nginx"},
                                  {"below-sub", "/nginx/", "/sub/"},
                                  {"below-sub", "/nginx/x", "/sub/x"},
                                  {"all-sub", "/", "/sub/"},
                                  {"all-sub", "/x", "/sub/x"},
                                  {"root-sub", "/", "/sub/"},
                                  {"root-sub", "/x", "/sub/x"},
                                  {"no-from", "/nginx/x", "/nginx/x"},
                                  {"no-to", "/nginx/x", "/nginx/x"},
                                  {"no-path", "/nginx/x", "/nginx/x"},
                                  {"off", "/nginx/x", "/nginx/x"},
                                  {"letters", "/a.b/x", "/c%d\\1/x"},
                                  {"letters", "/aXb/x", "/aXb/x"}})
    EXPECT_EQ(sent(backend, request), wanted) << backend << " " << request;
  EXPECT_EQ(get(address_, port, "no-path.example.com", "/").forwarded_for.substr(0, 4), "127.");
}

TEST_F(EdgelbHttp, LocationsAreTurnedBackWhereTheyPointAtTheBackend) {
  site_pool pool;
  pool.add("root", path("/nginx", "/"), site_.service());
  pool.add("sub", path("/nginx", "/sub"), site_.service());
  pool.add("below", path("/nginx/", "/sub/"), site_.service());
  pool.add("all", path("", "/sub"), site_.service());
  pool.add("root-sub", path("/", "/sub/"), site_.service());
  pool.add("plain", document::object(), site_.service());
  auto host = path("/nginx", "/sub");
  host["host"] = "inner.example.com";
  pool.add("host", host, site_.service());
  pool.add("host-only", {{"host", "inner.example.com"}}, site_.service());
  auto off = path("/nginx", "/sub");
  off["response"] = {{"rewriteLocation", false}};
  pool.add("off", off, site_.service());
  serve(pool);
  struct row {
    const char* backend;
    const char* location;
    const char* turned;
  };
  for (const auto& [backend, location, wanted] : std::initializer_list<row>{
         {"root", "/a/b", "/nginx/a/b"},
         {"root", "/a,b?c#d", "/nginx/a,b?c#d"},
         {"root", "/", "/nginx/"},
         {"root", "http://root.example.com/a", "/nginx/a"},
         {"root", "http://ROOT.example.com:8080/a", "/nginx/a"},
         {"root", "http://root.example.com", "/nginx/"},
         {"root", "https://root.example.com/a", "https://root.example.com/nginx/a"},
         {"root", "http://elsewhere.example.com/a", "http://elsewhere.example.com/a"},
         {"root", "//elsewhere.example.com/a", "//elsewhere.example.com/a"},
         {"root", "a", "a"},
         {"root", "?page=2", "?page=2"},
         {"sub", "/sub", "/nginx"},
         {"sub", "/sub/x", "/nginx/x"},
         {"sub", "/sub?x", "/nginx?x"},
         {"sub", "/subway", "/subway"},
         {"sub", "/x", "/x"},
         {"below", "/sub", "/sub"},
         {"below", "/sub/x", "/nginx/x"},
         {"all", "/sub", "/"},
         {"all", "/sub/x", "/x"},
         {"all", "/sub//elsewhere.example.com", "/elsewhere.example.com"},
         {"all", "/subway", "/subway"},
         {"root-sub", "/sub//elsewhere.example.com", "/elsewhere.example.com"},
         {"plain", "http://plain.example.com/a", "http://plain.example.com/a"},
         {"host", "http://inner.example.com/sub/x", "/nginx/x"},
         {"host", "http://host.example.com/sub/x", "http://host.example.com/sub/x"},
         {"host-only", "http://inner.example.com:81/x", "/x"},
         {"host-only", "http://inner.example.com//elsewhere", "/elsewhere"},
         {"host-only", "/x", "/x"},
         {"off", "/sub/x", "/sub/x"}})
    EXPECT_EQ(turned(backend, location), wanted) << backend << " " << location;
  EXPECT_EQ(turned("root", "/a", "/other"), "/a") << "the request was not rewritten";
  EXPECT_EQ(turned("host", "http://inner.example.com/a", "/other"), "/a");
}

TEST_F(EdgelbHttp, StickySwitchesTheCookieOnUnlessItSaysOtherwise) {
  site_pool pool;
  pool.add("empty", {{"sticky", document::object()}}, site_.service());
  pool.add("on", {{"sticky", {{"enabled", true}}}}, site_.service());
  pool.add("off", {{"sticky", {{"enabled", false}}}}, site_.service());
  pool.add("null", {{"sticky", nullptr}}, site_.service());
  pool.add("absent", document::object(), site_.service());
  pool.add("custom", {{"sticky", {{"customStr", "MINE insert"}}}}, site_.service());
  serve(pool);
  const auto cookie = [&](const std::string& backend) {
    const auto set = get(address_, port, backend + ".example.com", "/").cookie;
    return set.substr(0, set.find('='));
  };
  EXPECT_EQ(cookie("empty"), "EDGELB");
  EXPECT_EQ(cookie("on"), "EDGELB");
  EXPECT_EQ(cookie("custom"), "MINE");
  for (const char* without : {"off", "null", "absent"})
    EXPECT_EQ(cookie(without), "") << without;
}

TEST_F(EdgelbHttp, HostsMatchWithAndWithoutTheirPort) {
  site_pool pool;
  for (const char* name : {"reg-port", "reg", "eq-port", "eq"})
    pool.add(name, document::object(), site_.service());
  pool.map_entry({{"backend", "reg-port"}, {"hostReg", "^odd\\.test:8083$"}});
  pool.map_entry({{"backend", "reg"}, {"hostReg", "^even\\.test$"}});
  pool.map_entry({{"backend", "eq-port"}, {"hostEq", "Odd.test:9"}});
  pool.map_entry({{"backend", "eq"}, {"hostEq", "odd.test"}, {"pathBeg", "/eq"}});
  for (auto& backend : pool.pool()["haproxy"]["backends"])
    backend["rewriteHttp"] = {{"host", backend["name"]}};
  serve(pool);
  const auto reached = [&](const std::string& host, const std::string& target = "/") {
    const auto body = get(address_, port, host, target).body;
    return body.rfind("site ", 0) == 0 ? body.substr(5, body.rfind(' ') - 5) : body.substr(0, 0);
  };
  EXPECT_EQ(reached("odd.test:8083"), "reg-port");
  EXPECT_EQ(reached("ODD.test:8083"), "reg-port");
  EXPECT_EQ(reached("odd.test"), "");
  EXPECT_EQ(reached("odd.test:8084"), "");
  EXPECT_EQ(reached("even.test"), "reg");
  EXPECT_EQ(reached("even.test:8083"), "reg");
  EXPECT_EQ(reached("odd.test:9"), "eq-port");
  EXPECT_EQ(reached("odd.test", "/eq"), "eq");
  EXPECT_EQ(reached("odd.test:77", "/eq"), "eq");
}

TEST_F(EdgelbHttp, RedirectHasAnyNumberOfExceptions) {
  site_pool pool;
  pool.add("www", document::object(), site_.service());
  auto& except = pool.frontend()["redirectToHttps"]["except"];
  constexpr int count = 100;
  for (int number = 0; number < count; ++number)
    except.push_back({{"pathBeg", "/plain" + std::to_string(number) + "/"}});
  except.push_back({{"host", "www.example.com"}, {"pathBeg", "/both"}});
  except.push_back({{"host", "www.example.com:81"}});
  serve(pool);
  for (const int number : {0, 10, 11, count - 1})
    EXPECT_EQ(sent("www", "/plain" + std::to_string(number) + "/x"),
              "/plain" + std::to_string(number) + "/x");
  EXPECT_EQ(sent("www", "/both"), "/both");
  EXPECT_EQ(get(address_, port, "www.example.com:81", "/x").status, 200);
  const auto redirected = get(address_, port, "www.example.com", "/x?y=1");
  EXPECT_EQ(redirected.status, 301);
  EXPECT_EQ(redirected.location, "https://www.example.com/x?y=1");
  EXPECT_EQ(get(address_, port, "other.example.com", "/both").status, 301);
}

TEST_F(EdgelbHttp, ServersMaySpeakTlsWithoutAnyCertificateHere) {
  const web_site secure("secure", site_security::tls);
  site_pool pool;
  pool.add("https", path("/nginx", "/"), secure.service("ssl verify none"), "HTTPS");
  serve(pool);
  EXPECT_EQ(get(address_, port, "https.example.com", "/nginx/a").body,
            "secure https.example.com /a");
  EXPECT_EQ(turned("https", "https://https.example.com/a"), "/nginx/a");
  EXPECT_EQ(turned("https", "http://https.example.com/a"), "http://https.example.com/nginx/a");
}

TEST_F(EdgelbHttp, TcpFrontendsReachServersOverTls) {
  const web_site secure("secure", site_security::tls);
  site_pool pool;
  pool.add("tls", document::object(), secure.service("ssl verify none"), "TLS");
  pool.frontend()["protocol"] = "TCP";
  pool.frontend()["linkBackend"] = {{"defaultBackend", "tls"}};
  serve(pool);
  EXPECT_EQ(get(address_, port, "any", "/a").body, "secure any /a");
}

} // namespace
} // namespace dklb::edgelb
