"""From a Service to its pool and back, on the real API server and real HAProxy."""

import json

from world import ANNOTATION, FINALIZER


def frontend(world, name="redis", port=6379):
    """The name that a Service's frontend and backend have."""
    return f"dev.kubernetes01:{world.namespace}:{name}:{port}"


def test_a_service_without_annotation_gets_the_defaults_written_onto_it(running):
    running.create_pod()
    running.create_service()
    address = running.wait_for_address()
    running.wait_for_redis(address, 6379)
    service = running.get("service", "redis")
    assert FINALIZER in service["metadata"]["finalizers"]
    config = service["metadata"]["annotations"][ANNOTATION]
    pool = next(line.split()[-1] for line in config.splitlines() if line.startswith("name:"))
    assert pool.strip("\"'").startswith("dev--kubernetes01--")
    assert running.frontends(pool.strip("\"'")) == {frontend(running): 6379}
    running.wait_for_condition("redis", "True")


def test_a_deletion_while_dklb_is_down_is_caught_up_with(running):
    running.create_pod()
    running.create_service(config="name: deleted-while-down\n")
    address = running.wait_for_address()
    running.wait_for_redis(address, 6379)
    assert running.stop_dklb() == 0
    running.delete("service", "redis", wait=False)
    assert running.get("service", "redis")["metadata"]["deletionTimestamp"]
    assert running.redis(address, 6379, "PING") == "PONG", "traffic goes on meanwhile"
    running.start_dklb()
    running.wait(lambda: running.get("service", "redis") is None, "the service is gone")
    running.wait_until_gone("deleted-while-down")
    running.wait_until_closed(address, 6379)


def test_an_object_left_over_in_edgelb_is_swept(running):
    """A Service that went without its finalizer, e.g. because somebody took it off by force."""
    running.create_pod()
    running.create_service(config="name: swept\n")
    running.wait_for_address()
    running.stop_dklb()
    running.patch("service", "redis", {"metadata": {"finalizers": None}})
    running.delete("service", "redis")
    running.start_dklb()
    running.wait_until_gone("swept")


def test_a_pool_deleted_by_hand_comes_back(running):
    running.create_pod()
    running.create_service(config="name: deleted-by-hand\n")
    address = running.wait_for_address()
    running.wait_for_redis(address, 6379)
    running.edgelb("DELETE", "/v2/pools/deleted-by-hand")
    running.wait(lambda: running.frontends("deleted-by-hand") == {frontend(running): 6379},
                 "the pool is back")
    running.wait_for_redis(running.wait_for_address(), 6379)


def test_a_pool_changed_by_hand_is_repaired_and_foreign_objects_stay(running):
    running.create_pod()
    running.create_service(config="name: changed-by-hand\n")
    running.wait_for_address()
    pool = running.pool("changed-by-hand")
    pool["haproxy"]["frontends"][0]["bindPort"] = 6380
    pool["haproxy"]["backends"].append({"name": "foreign", "protocol": "TCP", "services": [
        {"endpoint": {"type": "ADDRESS", "address": "127.0.0.1", "port": 1}}]})
    pool["haproxy"]["frontends"].append({"name": "foreign", "bindPort": 7000, "protocol": "TCP",
                                         "linkBackend": {"defaultBackend": "foreign"}})
    running.edgelb("PUT", "/v2/pools/changed-by-hand", pool)
    running.wait(lambda: running.frontends("changed-by-hand")
                 == {frontend(running): 6379, "foreign": 7000}, "the port is 6379 again")
    running.delete("service", "redis")
    running.wait(lambda: running.frontends("changed-by-hand") == {"foreign": 7000},
                 "only the foreign frontend is left")
    running.edgelb("DELETE", "/v2/pools/changed-by-hand")


def test_a_type_change_takes_the_pool_down_and_leaves_the_service(running):
    running.create_pod()
    running.create_service(config="name: type-change\n")
    running.wait_for_address()
    running.patch("service", "redis", {"spec": {"type": "ClusterIP"}})
    running.wait_until_gone("type-change")
    running.wait(lambda: FINALIZER not in running.get("service", "redis")["metadata"]
                 .get("finalizers", []), "the finalizer is off")
    running.wait(lambda: running.addresses() == [], "no address is left")
    running.patch("service", "redis", {"spec": {"type": "LoadBalancer"}})
    running.wait_for_redis(running.wait_for_address(), 6379)


def test_a_changed_node_port_is_followed(running):
    running.create_pod()
    running.create_service(config="name: node-port-change\n")
    address = running.wait_for_address()
    running.wait_for_redis(address, 6379)
    old = running.get("service", "redis")["spec"]["ports"][0]["nodePort"]
    new = 30000 + (old - 30000 + 1000) % 2768
    running.patch("service", "redis", {"spec": {"ports": [
        {"port": 6379, "protocol": "TCP", "nodePort": new}]}})

    def endpoint_port():
        backend = running.pool("node-port-change")["haproxy"]["backends"][0]
        return backend["services"][0]["endpoint"]["port"]
    running.wait(lambda: endpoint_port() == new, f"the backend uses port {new}")
    running.wait_for_redis(address, 6379)


def test_a_changed_frontend_port_is_followed(running):
    running.create_pod()
    running.create_service(config="name: frontend-change\n")
    address = running.wait_for_address()
    running.wait_for_redis(address, 6379)
    running.set_config("redis", json.dumps(
        {"name": "frontend-change", "frontends": [{"port": 16380, "servicePort": 6379}]}))
    running.wait_for_redis(address, 16380)
    running.wait_until_closed(address, 6379)


def test_a_second_port_joins_the_pool_and_leaves_it(running):
    running.create_pod()
    running.create_service(config="name: two-ports\n")
    running.wait_for_address()
    both = [{"name": "a", "port": 6379, "protocol": "TCP"},
            {"name": "b", "port": 6380, "targetPort": 6379, "protocol": "TCP"}]
    running.patch("service", "redis", {"spec": {"ports": both}})
    running.wait(lambda: running.frontends("two-ports")
                 == {frontend(running): 6379, frontend(running, port=6380): 6380}, "both ports")
    running.wait_for_redis(running.addresses()[-1], 6380)
    running.patch("service", "redis", {"spec": {"ports": both[:1]}})
    running.wait(lambda: running.frontends("two-ports") == {frontend(running): 6379}, "one port")


def test_a_pool_of_two_private_instances(running):
    running.create_pod()
    running.create_service(config="name: private\nrole: \"*\"\nsize: 2\n")
    running.wait(lambda: len(running.addresses()) == 2, "two addresses")
    for address in running.addresses():
        running.wait_for_redis(address, 6379)
    pool = running.pool("private")
    assert (pool["role"], pool["count"]) == ("*", 2)
    assert [each["name"] for each in pool["virtualNetworks"]] == ["dcos"]
