#include "tests/http/support/keys.hpp"

#include "http/edgelb/jwt.hpp"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include <stdexcept>

namespace dklb::tests {

namespace {

EVP_PKEY* rsa_key() {
  static EVP_PKEY* const key = EVP_RSA_gen(2048);
  return key;
}

template <class Write>
std::string pem_of(Write write) {
  BIO* const bio = BIO_new(BIO_s_mem());
  write(bio);
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  std::string text(data, static_cast<std::size_t>(size));
  BIO_free(bio);
  return text;
}

std::string key_pem(EVP_PKEY* key) {
  return pem_of([key](BIO* bio) {
    PEM_write_bio_PKCS8PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr);
  });
}

std::string certificate_pem(X509* certificate) {
  return pem_of([certificate](BIO* bio) { PEM_write_bio_X509(bio, certificate); });
}

void add_extension(X509* certificate, X509* issuer, int kind, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str());
  if (extension == nullptr) {
    throw std::runtime_error("bad certificate extension: " + value);
  }
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

X509* new_certificate(const std::string& name, EVP_PKEY* key) {
  static long serial = 1;
  X509* const certificate = X509_new();
  X509_set_version(certificate, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), serial++);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
  X509_set_pubkey(certificate, key);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  return certificate;
}

} // namespace

const std::string& rsa_key_pem() {
  static const std::string pem = key_pem(rsa_key());
  return pem;
}

std::string ec_key_pem() {
  EVP_PKEY* const key = EVP_EC_gen("P-256");
  std::string pem = key_pem(key);
  EVP_PKEY_free(key);
  return pem;
}

bool signed_with_rsa_key(const std::string& token) {
  const auto end = token.rfind('.');
  const auto signature = http::edgelb::from_base64_url(token.substr(end + 1));
  const auto header = http::edgelb::from_base64_url(token.substr(0, token.find('.')));
  if (!signature || !header || header->find("\"RS256\"") == std::string::npos) {
    return false;
  }
  EVP_MD_CTX* const context = EVP_MD_CTX_new();
  EVP_DigestVerifyInit(context, nullptr, EVP_sha256(), nullptr, rsa_key());
  const int verdict =
    EVP_DigestVerify(context, reinterpret_cast<const unsigned char*>(signature->data()),
                     signature->size(), reinterpret_cast<const unsigned char*>(token.data()), end);
  EVP_MD_CTX_free(context);
  return verdict == 1;
}

struct certificate_authority::material {
  EVP_PKEY* key;
  X509* certificate;
};

certificate_authority::certificate_authority(const std::string& name)
  : material_(new material{EVP_EC_gen("P-256"), nullptr}) {
  material_->certificate = new_certificate(name, material_->key);
  X509* const self = material_->certificate;
  X509_set_issuer_name(self, X509_get_subject_name(self));
  add_extension(self, self, NID_basic_constraints, "critical,CA:TRUE");
  add_extension(self, self, NID_key_usage, "critical,keyCertSign,cRLSign");
  X509_sign(self, material_->key, EVP_sha256());
}

certificate_authority::~certificate_authority() {
  X509_free(material_->certificate);
  EVP_PKEY_free(material_->key);
  delete material_;
}

std::string certificate_authority::pem() const {
  return certificate_pem(material_->certificate);
}

certificate certificate_authority::issue(const std::string& common_name, const std::string& names,
                                         long seconds) const {
  EVP_PKEY* const key = EVP_EC_gen("P-256");
  X509* const issued = new_certificate(common_name, key);
  X509_gmtime_adj(X509_getm_notAfter(issued), seconds);
  X509_set_issuer_name(issued, X509_get_subject_name(material_->certificate));
  add_extension(issued, material_->certificate, NID_subject_alt_name, names);
  X509_sign(issued, material_->key, EVP_sha256());
  certificate both{certificate_pem(issued), key_pem(key)};
  X509_free(issued);
  EVP_PKEY_free(key);
  return both;
}

} // namespace dklb::tests
