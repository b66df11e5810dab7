"""The traffic of pools as edgelb-local counts it."""


def series(world, query=""):
    """(series, value) of each sample of edgelb-local's /metrics."""
    status, text = world.sandbox.get(f"{world.sandbox.edgelb_url}/metrics{query}", timeout=20)
    assert status == 200, text
    return dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))


def test_connections_of_a_service_are_counted_for_its_pool(running):
    running.create_pod()
    pool = "traffic-is-counted"
    running.create_service(config=f"name: {pool}\n")
    address = running.wait_for_address()
    running.wait_for_redis(address, 6379)
    frontend, = [name for name in running.frontends(pool)]

    def connections():
        return sum(int(value) for name, value in series(running).items()
                   if name.startswith("haproxy_frontend_connections_total{")
                   and f'pool="{pool}"' in name and f'proxy="{frontend}"' in name)

    before = connections()
    for _ in range(3):
        assert running.redis(address, 6379, "PING") == "PONG"
    running.wait(lambda: connections() == before + 3, "three connections more")
    found = series(running)
    assert found[f'edgelb_instances{{pool="{pool}",state="running"}}'] == "1"
    assert not [name for name in found if name.startswith("haproxy_server_")]
    assert [name for name in series(running, "?servers=true")
            if name.startswith("haproxy_server_status{") and f'pool="{pool}"' in name]
    status, answer = running.sandbox.get(f"{running.sandbox.edgelb_url}/metrics?server=1")
    assert status == 400 and "servers=true" in answer
