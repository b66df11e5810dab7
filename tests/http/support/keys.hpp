#pragma once

#include <string>

namespace dklb::tests {

/// A fresh RSA key of this process, as PEM.
const std::string& rsa_key_pem();
/// A key that is no RSA key.
std::string ec_key_pem();
/// True where the JWT is an RS256 one signed with `rsa_key_pem`.
bool signed_with_rsa_key(const std::string& token);

/// A certificate and its key, as PEM.
struct certificate {
  std::string certificate_pem;
  std::string key_pem;
};

/// A certificate authority that lives as long as the test.
class certificate_authority {
public:
  explicit certificate_authority(const std::string& name);
  ~certificate_authority();
  certificate_authority(const certificate_authority&) = delete;
  certificate_authority& operator=(const certificate_authority&) = delete;

  std::string pem() const;
  /// `names` as in the subjectAltName extension, e.g. `DNS:a.example,IP:127.0.0.1`; for a client a
  /// name of its own. It expires `seconds` from now; a negative number: it has expired.
  certificate issue(const std::string& common_name, const std::string& names,
                    long seconds = 3600) const;

private:
  struct material;
  material* material_;
};

} // namespace dklb::tests
