#include "http/edgelb/jwt.hpp"

#include "http/text/base64.hpp"

#include <nlohmann/json.hpp>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <algorithm>
#include <array>
#include <memory>

namespace dklb::http::edgelb {

namespace {

struct openssl_deleter {
  void operator()(BIO* bio) const { BIO_free(bio); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

domain::error invalid(const std::string& what) {
  return {domain::error_code::invalid, "DC/OS service account: " + what, std::nullopt, 0};
}

std::unique_ptr<EVP_PKEY, openssl_deleter> parse_key(const std::string& pem) {
  const std::unique_ptr<BIO, openssl_deleter> bio(
    BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  // An empty passphrase instead of a question on the terminal where the key is encrypted.
  std::array<char, 1> passphrase = {'\0'};
  std::unique_ptr<EVP_PKEY, openssl_deleter> key(
    PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, passphrase.data()));
  ERR_clear_error();
  return key;
}

/// The RS256 signature; empty where the key cannot sign.
std::string sign(EVP_PKEY* key, std::string_view text) {
  const std::unique_ptr<EVP_MD_CTX, openssl_deleter> context(EVP_MD_CTX_new());
  const auto* const bytes = reinterpret_cast<const unsigned char*>(text.data());
  std::size_t size = 0;
  std::string signature;
  bool signed_it = EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key) == 1
                   && EVP_DigestSign(context.get(), nullptr, &size, bytes, text.size()) == 1;
  if (signed_it) {
    signature.resize(size);
    auto* const room = reinterpret_cast<unsigned char*>(signature.data());
    signed_it = EVP_DigestSign(context.get(), room, &size, bytes, text.size()) == 1;
  }
  ERR_clear_error();
  signature.resize(signed_it ? size : 0);
  return signature;
}

/// A required field's text; empty where it is missing or no text.
std::string text_of(const nlohmann::json& object, const char* field) {
  const auto found = object.find(field);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

} // namespace

std::string base64_url(std::string_view bytes) {
  std::string text = base64_encode(bytes);
  text.erase(std::min(text.find('='), text.size()));
  std::replace(text.begin(), text.end(), '+', '-');
  std::replace(text.begin(), text.end(), '/', '_');
  return text;
}

std::optional<std::string> from_base64_url(std::string_view text) {
  std::string standard(text.substr(0, text.find('=')));
  std::replace(standard.begin(), standard.end(), '-', '+');
  std::replace(standard.begin(), standard.end(), '_', '/');
  standard.append((4 - standard.size() % 4) % 4, '=');
  return base64_decode(standard);
}

domain::result<service_account> parse_service_account(std::string_view secret) {
  const auto object = nlohmann::json::parse(secret, nullptr, false);
  if (!object.is_object()) {
    return invalid("the secret is not a JSON object");
  }
  if (const std::string scheme = text_of(object, "scheme"); scheme != "RS256") {
    return invalid(scheme.empty() ? "`scheme` is missing; it must be RS256"
                                  : "the scheme \"" + scheme.substr(0, 16)
                                      + "\" is not supported, only RS256 is");
  }
  service_account account{text_of(object, "uid"), text_of(object, "private_key"),
                          text_of(object, "login_endpoint")};
  for (const auto& [field, value] :
       {std::pair{"uid", &account.uid}, std::pair{"private_key", &account.private_key},
        std::pair{"login_endpoint", &account.login_endpoint}}) {
    if (value->empty()) {
      return invalid("`" + std::string(field) + "` is missing in the secret");
    }
  }
  if (account.login_endpoint.rfind("http://", 0) != 0
      && account.login_endpoint.rfind("https://", 0) != 0) {
    return invalid("`login_endpoint` must be an http:// or https:// URL");
  }
  const auto key = parse_key(account.private_key);
  if (key == nullptr || EVP_PKEY_get_base_id(key.get()) != EVP_PKEY_RSA) {
    return invalid("`private_key` is not an unencrypted RSA key in PEM form");
  }
  return account;
}

domain::result<std::string> login_token(const service_account& account,
                                        std::chrono::system_clock::time_point expires) {
  const auto key = parse_key(account.private_key);
  if (key == nullptr) {
    return invalid("`private_key` cannot be read");
  }
  const auto seconds =
    std::chrono::duration_cast<std::chrono::seconds>(expires.time_since_epoch()).count();
  const nlohmann::json claims = {{"uid", account.uid}, {"exp", seconds}};
  std::string token = base64_url(R"({"alg":"RS256","typ":"JWT"})");
  token += "." + base64_url(claims.dump());
  const std::string signature = sign(key.get(), token);
  if (signature.empty()) {
    return invalid("`private_key` cannot sign");
  }
  return token + "." + base64_url(signature);
}

std::optional<std::chrono::system_clock::time_point> expiry_of(std::string_view token) {
  const auto begin = token.find('.');
  const auto end = begin == std::string_view::npos ? begin : token.find('.', begin + 1);
  if (end == std::string_view::npos) {
    return std::nullopt;
  }
  const auto claims = from_base64_url(token.substr(begin + 1, end - begin - 1));
  if (!claims) {
    return std::nullopt;
  }
  const auto object = nlohmann::json::parse(*claims, nullptr, false);
  const auto exp = object.is_object() ? object.find("exp") : object.end();
  if (!object.is_object() || exp == object.end() || !exp->is_number()) {
    return std::nullopt;
  }
  // A far future that no clock can hold counts as a year.
  constexpr double year = 365.0 * 24 * 3600;
  const auto now = std::chrono::system_clock::now();
  const double left =
    exp->get<double>() - std::chrono::duration<double>(now.time_since_epoch()).count();
  return now
         + std::chrono::duration_cast<std::chrono::milliseconds>(
           std::chrono::duration<double>(std::clamp(left, -year, year)));
}

} // namespace dklb::http::edgelb
