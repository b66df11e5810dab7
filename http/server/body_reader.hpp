#pragma once

#include "http/engine/byte_budget.hpp"

#include <httplib.h>

#include <cstddef>
#include <string>
#include <string_view>

namespace dklb::http::server {

/// Reads the body of one request within a memory budget. Lives while the request is served; the
/// destructor returns its share of the budget. For one thread.
class body_reader {
public:
  /// `room`: the memory budget for the bodies of all requests. A body above `limit` bytes is a 413.
  body_reader(byte_budget& room, std::size_t limit) : room_(room), limit_(limit) {}
  body_reader(const body_reader&) = delete;
  body_reader& operator=(const body_reader&) = delete;
  ~body_reader() { room_.give_back(charged_); }

  /// Reads the body into `body`. Returns 0, or the HTTP status of the refusal. A refused body is
  /// read to its end all the same, because a client that still sends does not see the response.
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
