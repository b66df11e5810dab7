#pragma once

#include "http/engine/byte_budget.hpp"

#include <httplib.h>

#include <cstddef>
#include <string>
#include <string_view>

namespace dklb::http::server {

/// Reads a request's body, and gives its room back in the end. For one thread.
class body_reader {
public:
  /// `room`: of the bodies of all requests together. A body above `limit` bytes is 413.
  body_reader(byte_budget& room, std::size_t limit) : room_(room), limit_(limit) {}
  body_reader(const body_reader&) = delete;
  body_reader& operator=(const body_reader&) = delete;
  ~body_reader() { room_.give_back(charged_); }

  /// The status to refuse it with, 0 where `body` is complete. A body that is refused is read to
  /// its end all the same, because a client that still sends does not see the answer.
  int read(const httplib::Request& request, const httplib::ContentReader& content);

  std::string body;

private:
  void take(std::string_view piece);

  byte_budget& room_;
  std::size_t limit_;
  std::size_t charged_ = 0;
  int refusal_ = 0;
};

} // namespace dklb::http::server
