"""Parts that go away and come back, and restarts of dklb itself."""

import signal


def test_edgelb_away_at_the_start_is_waited_for(world, quick):
    world.create_pod()
    world.create_service(config="name: edgelb-away\n")
    edgelb = world.sandbox.edgelb
    edgelb.stop()
    try:
        world.start_dklb(wait_ready=False, concurrency=quick)
        world.wait(lambda: world.sandbox.get(f"{world.sandbox.introspection}/readyz")[0] == 503,
                   "dklb says that it is not ready")
        _, reasons = world.sandbox.get(f"{world.sandbox.introspection}/readyz?verbose")
        assert "edgelb" in reasons.lower()
        assert world.sandbox.get(f"{world.sandbox.introspection}/livez")[0] == 200
    finally:
        world.sandbox.start_edgelb("--log-level=debug")
    world.wait_for_redis(world.wait_for_address(), 6379)
    assert world.sandbox.get(f"{world.sandbox.introspection}/readyz")[0] == 200


def test_addresses_stay_while_edgelb_is_away(running):
    running.create_pod()
    running.create_service(config="name: stays\n")
    address = running.wait_for_address()
    running.sandbox.edgelb.stop()
    try:
        running.create_service("second", config="name: waits\n")
        running.wait(lambda: running.phase("second") not in ("", "Provisioned"),
                     "the second service waits")
        assert address in running.addresses()
    finally:
        running.sandbox.start_edgelb("--log-level=debug")
    running.wait_for_address("second")
    assert address in running.addresses()


def test_the_api_server_may_restart(world, quick):
    running = world
    # An outage longer than the renew deadline ends a leader by design; here it is shorter.
    running.start_dklb(concurrency=quick,
                       leaderElection={"leaseDuration": "90s", "renewDeadline": "60s"})
    running.create_pod()
    running.create_service(config="name: api-restart\n")
    address = running.wait_for_address()
    running.wait_for_redis(address, 6379)
    running.sandbox.control_plane.apiserver.stop()
    assert running.redis(address, 6379, "PING") == "PONG"
    running.sandbox.control_plane.start_apiserver()
    running.sandbox.dklb.check()
    running.create_service("second", config="name: api-restart\n",
                           ports=[{"port": 6380, "targetPort": 6379, "protocol": "TCP"}])
    running.wait_for_redis(running.wait_for_address("second"), 6380)


def test_a_restart_over_a_settled_state_writes_nothing(running, quick):
    running.create_pod()
    for number in range(5):
        running.create_service(f"redis-{number}", config=f"name: settled-{number % 2}\n",
                               ports=[{"port": 7000 + number, "targetPort": 6379,
                                       "protocol": "TCP"}])
    for number in range(5):
        running.wait_for_condition(f"redis-{number}", "True")
        running.wait_for_phase(f"redis-{number}", "Provisioned")
    assert running.stop_dklb() == 0
    edgelb, kubernetes = running.edgelb_writes(), running.kubernetes_writes()
    assert edgelb and kubernetes
    running.start_dklb(concurrency=quick)
    for number in range(5):
        running.wait_for_phase(f"redis-{number}", "Provisioned")
    # A new Service shows that this dklb works, and its writes are the only ones.
    running.create_service("new", config="name: settled-new\n",
                           ports=[{"port": 7100, "targetPort": 6379, "protocol": "TCP"}])
    running.wait_for_condition("new", "True")
    running.stop_dklb()
    new_edgelb = running.edgelb_writes()[len(edgelb):]
    new_kubernetes = running.kubernetes_writes()[len(kubernetes):]
    assert len(new_edgelb) == 1 and 'POST "/v2/pools' in new_edgelb[0], new_edgelb
    strangers = [line for line in new_kubernetes
                 if "/services/new" not in line and "/events" not in line]
    assert new_kubernetes and not strangers, strangers
    running.start_dklb(concurrency=quick)


def test_sigterm_ends_dklb_in_order_and_a_crash_is_survived(running, quick):
    running.create_pod()
    running.create_service(config="name: crash\n")
    address = running.wait_for_address()
    running.sandbox.dklb.kill()
    running.sandbox.dklb = None
    assert running.redis(address, 6379, "PING") == "PONG"
    running.create_service("second", config="name: crash\n",
                           ports=[{"port": 6380, "targetPort": 6379, "protocol": "TCP"}])
    running.start_dklb(concurrency=quick)
    running.wait_for_redis(running.wait_for_address("second"), 6380)
    running.sandbox.dklb.signal(signal.SIGTERM)
    assert running.sandbox.dklb.child.wait(20) == 0
    running.sandbox.dklb = None
