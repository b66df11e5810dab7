#pragma once

#include "http/edgelb/client.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

namespace dklb::http::edgelb {

/// Sends one request to EdgeLB with credentials and turns every answer but a success into an error.
/// Outlives its client while calls are on their way.
class caller : public std::enable_shared_from_this<caller> {
public:
  caller(engine& engine, client_settings settings);
  caller(const caller&) = delete;
  caller& operator=(const caller&) = delete;

  /// Changes the settings of the requests that follow. From any thread.
  void change(std::chrono::milliseconds timeout, std::size_t max_in_flight);

  /// `done` gets a response with a status of 2xx, or an error. From any thread.
  void call(request what, completion done);

  engine& host() const { return engine_; }
  static domain::error engine_ended();

private:
  void authorize(request what, bool may_repeat, completion done);
  void send(request what, const std::string& authorization, bool may_repeat, completion done);
  void conclude(response_result answer, const std::shared_ptr<request>& again,
                const std::string& authorization, const completion& done);

  engine& engine_;
  const client_settings settings_;
  std::atomic<std::chrono::milliseconds> timeout_;
  target_id target_;
};

} // namespace dklb::http::edgelb
