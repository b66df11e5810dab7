#include "http/server/certificate.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <spdlog/spdlog.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <fstream>
#include <iterator>
#include <sys/stat.h>
#include <utility>

namespace dklb::http::server {

namespace {

template <auto Free>
struct freed_by {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};

void free_stack(STACK_OF(X509) * all) {
  sk_X509_pop_free(all, X509_free);
}

using bio_ptr = std::unique_ptr<BIO, freed_by<BIO_free_all>>;
using x509_ptr = std::unique_ptr<X509, freed_by<X509_free>>;
using key_ptr = std::unique_ptr<EVP_PKEY, freed_by<EVP_PKEY_free>>;
using chain_ptr = std::unique_ptr<STACK_OF(X509), freed_by<free_stack>>;

domain::error unusable(const std::string& file, const std::string& what) {
  return {domain::error_code::invalid, file + ": " + what, {}, 0};
}

domain::result<std::string> text_of(const std::string& file) {
  errno = 0;
  std::ifstream in{file, std::ios::binary};
  std::string text{std::istreambuf_iterator<char>{in}, {}};
  if (!in.good() && !in.eof())
    return unusable(file, std::string{"cannot be read: "}
                            + (errno == 0 ? "no regular file" : std::strerror(errno)));
  return text;
}

bio_ptr reader_of(const std::string& text) {
  return bio_ptr{BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))};
}

/// The last word of OpenSSL, its queue emptied.
std::string openssl_reason() {
  std::string reason;
  while (const auto code = ERR_get_error()) {
    const char* const text = ERR_reason_error_string(code);
    reason = text != nullptr ? text : "";
  }
  return reason.empty() ? "" : " (" + reason + ")";
}

/// An encrypted key must fail instead of asking at a terminal.
int no_passphrase(char*, int, int, void*) {
  return -1;
}

std::string date_of(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1)
    return "an unreadable date";
  std::array<char, 32> text{};
  return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts)};
}

} // namespace

struct key_pair {
  x509_ptr leaf;
  chain_ptr chain;
  key_ptr key;
};

namespace {

domain::result<std::shared_ptr<const key_pair>> read_pair(const std::string& certificate_file,
                                                          const std::string& key_file) {
  auto pair = std::make_shared<key_pair>();
  auto text = text_of(certificate_file);
  if (!text)
    return std::move(text.failure());
  ERR_clear_error();
  const auto certificates = reader_of(*text);
  pair->leaf.reset(PEM_read_bio_X509(certificates.get(), nullptr, no_passphrase, nullptr));
  if (!pair->leaf)
    return unusable(certificate_file, "holds no PEM certificate" + openssl_reason());
  pair->chain.reset(sk_X509_new_null());
  while (auto* next = PEM_read_bio_X509(certificates.get(), nullptr, no_passphrase, nullptr))
    sk_X509_push(pair->chain.get(), next);
  ERR_clear_error();
  text = text_of(key_file);
  if (!text)
    return std::move(text.failure());
  const auto keys = reader_of(*text);
  pair->key.reset(PEM_read_bio_PrivateKey(keys.get(), nullptr, no_passphrase, nullptr));
  if (!pair->key)
    return unusable(key_file, "holds no unencrypted PEM private key" + openssl_reason());
  if (X509_check_private_key(pair->leaf.get(), pair->key.get()) != 1) {
    ERR_clear_error();
    return unusable(key_file, "is not the key of the certificate in " + certificate_file);
  }
  return std::shared_ptr<const key_pair>{std::move(pair)};
}

} // namespace

domain::result<std::shared_ptr<certificate>> certificate::load(std::string certificate_file,
                                                               std::string key_file) {
  std::shared_ptr<certificate> made{
    new certificate{std::move(certificate_file), std::move(key_file)}};
  const auto signature = made->signature();
  auto pair = read_pair(made->certificate_file_, made->key_file_);
  if (!pair)
    return std::move(pair.failure());
  made->take(std::move(*pair), signature);
  return made;
}

std::string certificate::signature() const {
  std::string all;
  for (const auto& file : {certificate_file_, key_file_}) {
    struct stat found {};
    if (::stat(file.c_str(), &found) != 0)
      found = {};
    all += fmt::format("{}:{}:{}:{}.{} ", found.st_dev, found.st_ino, found.st_size,
                       found.st_mtim.tv_sec, found.st_mtim.tv_nsec);
  }
  return all;
}

void certificate::take(std::shared_ptr<const key_pair> pair, const std::string& signature) {
  spdlog::info("serving the certificate of {}, valid until {}", certificate_file_,
               date_of(X509_get0_notAfter(pair->leaf.get())));
  const std::lock_guard lock{mutex_};
  signature_ = signature;
  trouble_.clear();
  warned_ = false;
  pair_ = std::move(pair);
  warn_of_expiry(*pair_);
}

void certificate::warn_of_expiry(const key_pair& pair) {
  const auto* const begin = X509_get0_notBefore(pair.leaf.get());
  const auto* const end = X509_get0_notAfter(pair.leaf.get());
  const bool expired = X509_cmp_current_time(end) < 0;
  const bool early = X509_cmp_current_time(begin) > 0;
  if (warned_ || (!expired && !early))
    return;
  warned_ = true;
  spdlog::warn("{}: the certificate {} {}; the API server refuses it until it is replaced",
               certificate_file_, expired ? "expired at" : "is not valid before",
               date_of(expired ? end : begin));
}

void certificate::refresh() {
  const auto found = signature();
  {
    const std::lock_guard lock{mutex_};
    if (found == signature_ && trouble_.empty())
      return warn_of_expiry(*pair_);
  }
  // One file may already be the new one and the other not yet: such a pair is broken, and is
  // looked at again the next time.
  auto pair = read_pair(certificate_file_, key_file_);
  if (pair && signature() == found)
    return take(std::move(*pair), found);
  if (pair)
    return;
  const std::lock_guard lock{mutex_};
  if (std::exchange(trouble_, pair.failure().message) != pair.failure().message)
    spdlog::error("{}; the certificate that was read last stays in use", pair.failure().message);
}

void certificate::serve(SSL_CTX& context) {
  SSL_CTX_set_cert_cb(
    &context,
    [](SSL* connection, void* self) {
      auto* const owner = static_cast<certificate*>(self);
      std::shared_ptr<const key_pair> pair;
      {
        const std::lock_guard lock{owner->mutex_};
        pair = owner->pair_;
      }
      return SSL_use_cert_and_key(connection, pair->leaf.get(), pair->key.get(), pair->chain.get(),
                                  1);
    },
    this);
}

std::string certificate::trouble() const {
  const std::lock_guard lock{mutex_};
  return trouble_;
}

std::chrono::system_clock::time_point certificate::expires() const {
  std::tm parts{};
  const std::lock_guard lock{mutex_};
  if (ASN1_TIME_to_tm(X509_get0_notAfter(pair_->leaf.get()), &parts) != 1)
    return {};
  return std::chrono::system_clock::from_time_t(::timegm(&parts));
}

} // namespace dklb::http::server
