#include "actors/gateway/edgelb_gateway.hpp"

namespace dklb::actors {

using namespace messages;

namespace {

template <class T>
domain::result<std::shared_ptr<const T>> share(domain::result<T> outcome) {
  if (!outcome)
    return std::move(outcome.failure());
  return std::make_shared<const T>(std::move(*outcome));
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
edgelb_gateway(edgelb_gateway_actor::stateful_pointer<actor_base> self, runtime_ptr run,
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
        const auto order = what.awaited ? http::priority::normal : http::priority::low;
        client->get_metadata(what.pool, order,
                             [reply](domain::result<domain::pool_metadata> outcome) {
                               reply(share(std::move(outcome)));
                             });
      });
    },
    [=](const read_inventory&) {
      return promise_outcome<inventory_answer>(self, [&](auto reply) {
        client->read_inventory(
          [reply](domain::result<std::string> outcome) { reply(share(std::move(outcome))); });
      });
    },
    [=](const call_completed& call) { call.deliver(); },
  };
}

} // namespace dklb::actors
