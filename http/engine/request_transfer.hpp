#pragma once

#include "http/engine/byte_budget.hpp"
#include "http/engine/transfer.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <string_view>

namespace dklb::http {

class target_queue;

/// A request that is answered as a whole.
class request_transfer final : public transfer {
public:
  request_transfer(std::shared_ptr<const endpoint> where, request what, completion done,
                   target_queue* owner);

  ~request_transfer() override;

  /// Who grants the answer its memory; outlives this object.
  void charge_to(byte_budget& budget) { budget_ = &budget; }
  /// The end, with libcurl's verdict; the handle is not needed any more.
  void settle(CURLcode code);
  /// Tells the caller what was settled.
  void tell();
  void fail(domain::error failure) override;
  target_queue* owner() const { return owner_; }

private:
  void headers_done() override {}
  std::size_t on_body_piece(std::string_view piece) override;
  void set_limits(easy_handle& handle) override;
  std::size_t keep_refusal(std::string_view piece);
  bool make_room(std::size_t size);
  std::size_t announced_size() const;

  byte_budget* budget_ = nullptr; ///< null: never started
  std::size_t charged_ = 0;
  bool no_room_ = false;
  bool cut_ = false;                     ///< the body of a refusal, of which enough is known
  std::optional<domain::error> failure_; ///< nothing where the answer is complete
  std::chrono::microseconds took_{};
  completion done_;
  target_queue* owner_;
};

} // namespace dklb::http
