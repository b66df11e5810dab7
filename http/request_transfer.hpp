#pragma once

#include "http/transfer.hpp"

#include <memory>
#include <string_view>

namespace dklb::http {

class target_queue;

/// A request that is answered as a whole.
class request_transfer final : public transfer {
public:
  request_transfer(std::shared_ptr<const endpoint> where, request what, completion done,
                   target_queue* owner);

  void finish(CURLcode code) override;
  void fail(domain::error failure) override;
  target_queue* owner() const { return owner_; }

private:
  void headers_done() override {}
  std::size_t on_body_piece(std::string_view piece) override;
  void set_limits(easy_handle& handle) override;
  void observe(int status) const;

  completion done_;
  target_queue* owner_;
};

} // namespace dklb::http
