#include "http/edgelb/pool_reader.hpp"

#include "domain/document/pool_document.hpp"

namespace dklb::http::edgelb {

domain::result<domain::pool_snapshot> read_pool(std::string_view text) {
  const auto document = domain::read_document(text);
  if (!document.is_object())
    return domain::error{domain::error_code::malformed, "not a JSON object", {}, 0};
  return domain::snapshot_of(document);
}

} // namespace dklb::http::edgelb
