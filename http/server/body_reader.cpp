#include "http/server/body_reader.hpp"

#include <cstdint>

namespace dklb::http::server {

namespace {

/// Bodies up to this size need no leave, so that large ones never keep the usual ones out.
constexpr std::size_t uncharged_body = 16U << 10U;

} // namespace

int body_reader::read(const httplib::Request& request, const httplib::ContentReader& content) {
  // The library skips what is announced to be too large; without a length, or compressed, the
  // body is counted as it comes.
  if (request.get_header_value<std::uint64_t>("Content-Length") > limit_)
    refusal_ = 413;
  const bool complete = content([this](const char* data, std::size_t length) {
    take({data, length});
    return true;
  });
  return complete || refusal_ != 0 ? refusal_ : 400;
}

void body_reader::take(std::string_view piece) {
  if (refusal_ == 0 && piece.size() > limit_ - body.size())
    refusal_ = 413;
  const auto charge = body.size() + piece.size() > uncharged_body ? piece.size() : 0;
  if (refusal_ == 0 && !room_.take(charge))
    refusal_ = 503;
  if (refusal_ == 0) {
    charged_ += charge;
    body.append(piece);
  } else {
    std::string{}.swap(body);
  }
}

} // namespace dklb::http::server
