#pragma once

#include "domain/service/service.hpp"
#include "http/text/json_reader.hpp"

#include <cstddef>
#include <memory>
#include <vector>

namespace dklb::http::kube {

/// Decodes Services. What we patch is told twice, by the answer and by the watch, and in any order;
/// a Service of the same uid and resource version as one that was told lately is not decoded again.
/// One thread at a time.
class decoded_services {
public:
  using pointer = std::shared_ptr<const domain::service>;

  /// As `decode_service`.
  domain::result<pointer> read(json_view object);

private:
  /// What was told once and is expected once more. As many as are patched while a burst of requests
  /// lets the watch wait (http/engine/engine_loop.cpp), and some; one that is pushed out is decoded
  /// twice, nothing else.
  std::vector<pointer> told_ = std::vector<pointer>(4096);
};

} // namespace dklb::http::kube
