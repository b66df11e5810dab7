// The intake over a server that sends what the test wants, with a watcher that never works.
#include "actors/service/intake.hpp"

#include "tests/http/kube/scripted_api.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>

#include <gtest/gtest.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <memory>
#include <string>

namespace dklb::actors {
namespace {

using tests::event_text;
using tests::eventually;
using tests::gate;
using tests::object_of;

/// Counts the Services that it is told of, and takes none of them in.
caf::behavior counting(caf::event_based_actor*, const std::shared_ptr<std::atomic<int>>& told) {
  return {[=](const messages::service_observed&) { ++*told; },
          [](const messages::service_vanished&) {}, [](const messages::intake_synced&) {},
          [](const messages::intake_troubled&) {}};
}

TEST(Intake, PausesAtTheMailboxLimitOfTheMoment) {
  gate told_all;
  gate sent_more;
  tests::scripted_api api{
    {}, {[&](const tests::api_request&, tests::raw_connection& connection) {
      tests::write_watch_head(connection);
      for (const std::string number : {"1", "2", "3", "4", "5", "6", "7", "8"})
        tests::write_chunk(connection,
                           event_text("ADDED", object_of("s" + number, "u" + number, number)));
      told_all.wait();
      tests::write_chunk(connection, event_text("ADDED", object_of("s9", "u9", "9")));
      sent_more.open();
      connection.wait_for_end();
    }}};
  http::engine engine;
  const auto client = std::make_shared<http::kube::client>(engine, api.settings());
  const auto run = std::make_shared<runtime>();
  run->log = spdlog::default_logger();
  live_values live;
  live.concurrency.mailbox_limit = 8;
  run->live->set(live);
  caf::actor_system_config config;
  caf::actor_system system{config};
  const auto told = std::make_shared<std::atomic<int>>(0);
  const auto watcher = system.spawn(counting, told);
  auto intake =
    make_service_intake(client, run)(caf::actor_cast<messages::service_watcher_actor>(watcher));
  ASSERT_TRUE(eventually([&] { return *told == 8; }));
  told_all.open();
  ASSERT_TRUE(sent_more.wait());
  intake->release();
  tests::awaited<domain::result<std::string>> round_trip;
  http::kube::call version;
  version.path = "/version";
  version.retries = 0;
  client->request_text(std::move(version), round_trip.callback());
  (void)round_trip.get();
  EXPECT_EQ(*told, 8) << "more than half of them still wait";

  live.concurrency.mailbox_limit = 100;
  run->live->set(live);
  intake->release();
  EXPECT_TRUE(eventually([&] { return *told == 9; }));
  intake.reset();
  caf::anon_send_exit(watcher, caf::exit_reason::user_shutdown);
}

} // namespace
} // namespace dklb::actors
