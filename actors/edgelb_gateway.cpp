#include "actors/edgelb_gateway.hpp"

#include "actors/gateway.hpp"

#include <nlohmann/json.hpp>

namespace dklb::actors {

using namespace messages;

namespace {

domain::result<snapshot_ptr> share(domain::result<domain::pool_snapshot> outcome) {
  if (!outcome)
    return std::move(outcome.failure());
  return std::make_shared<const domain::pool_snapshot>(std::move(*outcome));
}

void start_write(http::edgelb::client& client, const write_pool& what,
                 const std::function<void(domain::result<snapshot_ptr>)>& reply) {
  const auto shared = [reply](domain::result<domain::pool_snapshot> outcome) {
    reply(share(std::move(outcome)));
  };
  switch (what.action) {
  case domain::pool_action::create:
    return client.create_pool(*what.document, shared);
  case domain::pool_action::replace:
    return client.replace_pool(what.name, *what.document, shared);
  case domain::pool_action::remove:
    return client.delete_pool(what.name, [reply](domain::result<domain::unit> outcome) {
      if (outcome)
        reply(snapshot_ptr{});
      else
        reply(std::move(outcome.failure()));
    });
  case domain::pool_action::none:
    return reply(snapshot_ptr{});
  }
}

} // namespace

edgelb_gateway_actor::behavior_type
edgelb_gateway(edgelb_gateway_actor::stateful_pointer<edgelb_gateway_state> self, runtime_ptr run,
               std::shared_ptr<http::edgelb::client> client) {
  self->state.enlist(self, std::move(run), nullptr, "edgelb_gateway", "");
  return {
    [=](const describe&) { return self->state.describe(self); },
    [=](const read_pool& what) {
      return promise_outcome<pool_answer>(self, [&](auto reply) {
        client->get_pool(what.name, [reply](domain::result<domain::pool_snapshot> outcome) {
          reply(share(std::move(outcome)));
        });
      });
    },
    [=](const write_pool& what) {
      return promise_outcome<pool_answer>(self,
                                          [&](auto reply) { start_write(*client, what, reply); });
    },
    [=](const read_metadata& what) {
      return promise_outcome<metadata_answer>(self, [&](auto reply) {
        client->get_metadata(what.pool, [reply](domain::result<nlohmann::json> outcome) {
          if (outcome)
            reply(domain::result<json_ptr>{
              std::make_shared<const nlohmann::json>(std::move(*outcome))});
          else
            reply(domain::result<json_ptr>{std::move(outcome.failure())});
        });
      });
    },
    [=](const read_inventory&) {
      return promise_outcome<inventory_answer>(self, [&](auto reply) {
        using text_ptr = std::shared_ptr<const std::string>;
        client->read_inventory([reply](domain::result<std::string> outcome) {
          if (outcome)
            reply(
              domain::result<text_ptr>{std::make_shared<const std::string>(std::move(*outcome))});
          else
            reply(domain::result<text_ptr>{std::move(outcome.failure())});
        });
      });
    },
    [=](const call_completed& call) { call.deliver(); },
  };
}

} // namespace dklb::actors
