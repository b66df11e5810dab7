#pragma once

#include "http/engine/curl_handle.hpp"
#include "http/engine/engine.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace dklb::http {

/// A server that takes no connection for this long is told as such, however long the request may
/// take.
constexpr std::chrono::milliseconds longest_connect{10000};

/// One HTTP exchange on a libcurl handle: what both kinds of transfer share. All on the engine's
/// thread, but for the constructor.
class transfer : public handle_user {
public:
  transfer(std::shared_ptr<const endpoint> where, request what);
  ~transfer() override;
  transfer(const transfer&) = delete;
  transfer& operator=(const transfer&) = delete;

  /// Takes a handle from the pool and sets it up; an error says why the request cannot be made.
  std::optional<domain::error> prepare(easy_pool& pool, handle_use use);
  /// Gives the handle back; the transfer is no longer in the multi handle.
  void release(easy_pool& pool);
  /// The end without libcurl: tells the caller.
  virtual void fail(domain::error failure) = 0;

  CURL* easy() const { return handle_->get(); }
  const request& what() const { return what_; }

  /// Asks `permit`, true where there is none.
  bool permitted() const;
  /// The error of a request that `permit` refused.
  domain::error not_permitted() const;
  /// Of a request whose `send_before` has passed.
  domain::error never_sent() const;
  /// `<method> <scheme>://<host>/<path>: <cause>`; no query, no user.
  std::string describe(std::string_view cause) const;

protected:
  /// The final status line and its headers are complete.
  virtual void headers_done() = 0;
  /// The limits of the kind.
  virtual void set_limits(easy_handle& handle) = 0;

  domain::error error_of(CURLcode code) const;
  int status() const;

  response answer_;
  bool too_large_ = false;

private:
  enum class veto { none, not_permitted, repeated };

  void on_header_line(std::string_view line) override;
  bool before_request() override;
  bool is_write() const;
  /// Whether there was a connection that the request could be written to.
  bool connected() const;

  std::shared_ptr<const endpoint> where_;
  request what_;
  std::unique_ptr<easy_handle> handle_;
  veto veto_ = veto::none;
  bool issued_ = false;
};

/// Calls back into the engine's users. An exception that escapes them would unwind libcurl's
/// frames, so it is logged and ends here.
void call_guarded(const std::function<void()>& action) noexcept;

} // namespace dklb::http
