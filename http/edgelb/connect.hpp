#pragma once

#include "domain/config/config.hpp"
#include "http/edgelb/client.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace dklb::http::edgelb {

/// A client of the EdgeLB that the configuration names, with the credentials it names or that the
/// environment holds. `hooks` are the settings that no configuration has: may_write, on_exchange.
/// An error says which credentials cannot be used, never what is in them.
domain::result<std::shared_ptr<client>>
connect(engine& engine, const domain::config& settings,
        const std::function<std::optional<std::string>(const std::string&)>& get_env,
        client_settings hooks);

} // namespace dklb::http::edgelb
