#pragma once

#include "http/kube/client_session.hpp"

#include <chrono>
#include <memory>
#include <string>

namespace dklb::http::kube {

/// Opens a watch for client::open_watch(): asks for credentials, asks for them once more after a
/// 401, turns a refusal into the error the server's Status stands for.
std::shared_ptr<watch_stream> start_watch(std::shared_ptr<client_session> session, std::string path,
                                          stream_handler handler,
                                          std::chrono::milliseconds deadline);

} // namespace dklb::http::kube
