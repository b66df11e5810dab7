"""What cannot be provisioned is explained where the user looks: events, condition, introspection."""


def test_a_bad_annotation_is_told_and_its_correction_picked_up(running):
    running.create_pod()
    running.create_service(config="name: corrected\nsize: many\n")
    found = running.wait_for_condition("redis", "False", "size")
    assert found["reason"] == "TranslationError"
    running.wait_for_event("redis", "Warning", "TranslationError", "size")
    assert running.phase() == "Refused"
    assert running.pool("corrected") is None
    running.set_config("redis", "name: corrected\nsize: 1\n")
    running.wait_for_redis(running.wait_for_address(), 6379)
    running.wait_for_condition("redis", "True")


def test_a_bad_change_leaves_what_worked_before(running):
    running.create_pod()
    running.create_service(config="name: kept\n")
    address = running.wait_for_address()
    running.wait_for_redis(address, 6379)
    running.set_config("redis", "name: kept\ncpus: -1\n")
    running.wait_for_event("redis", "Warning", "TranslationError",
                           "-1.000000 is not a valid cpu request")
    assert running.redis(address, 6379, "PING") == "PONG"
    assert running.addresses() == [address] or address in running.addresses()


def test_the_pools_name_cannot_be_changed(running):
    running.create_pod()
    running.create_service(config="name: first-name\n")
    running.wait_for_address()
    running.set_config("redis", "name: second-name\n")
    running.wait(lambda: [note for kind, _, note in running.events("redis") if kind == "Warning"
                          and "the name of the target edgelb pool cannot be changed" in note],
                 "the refusal is told")
    assert running.pool("first-name") is not None
    assert running.pool("second-name") is None


def test_a_udp_port_refuses_the_service_and_names_the_port(running):
    running.create_service(ports=[{"name": "dns", "port": 53, "protocol": "UDP"}])
    running.wait_for_condition("redis", "False", "53", "UDP")
    running.wait_for_event("redis", "Warning", "TranslationError", "53")


def test_a_port_conflict_is_told_and_resolved_when_the_port_comes_free(running):
    running.create_pod()
    running.create_service("older", config="name: contested\n")
    running.wait_for_address("older")
    running.create_service("younger", config="name: contested\n")
    other = f"{running.namespace}/older"
    running.wait_for_condition("younger", "False", "6379", other)
    running.wait_for_event("younger", "Warning", "PortConflict", "6379", other)
    assert running.addresses("younger") == []
    running.delete("service", "older")
    running.wait_for_redis(running.wait_for_address("younger"), 6379)
    running.wait_for_condition("younger", "True")


def test_two_services_share_a_pool_and_the_last_to_go_takes_it_along(running):
    running.create_pod()
    running.create_service("one", config="name: shared\n")
    running.create_service("two", port=6380, config="name: shared\n",
                           ports=[{"port": 6380, "targetPort": 6379, "protocol": "TCP"}])
    for name, port in (("one", 6379), ("two", 6380)):
        running.wait_for_redis(running.wait_for_address(name), port)
    assert sorted(running.frontends("shared").values()) == [6379, 6380]
    running.delete("service", "one")
    running.wait(lambda: list(running.frontends("shared").values()) == [6380], "one port is left")
    running.wait_for_redis(running.addresses("two")[-1], 6380)
    running.delete("service", "two")
    running.wait_until_gone("shared")


def test_settings_that_differ_in_a_shared_pool_are_refused_naming_field_and_service(running):
    running.create_pod()
    running.create_service("older", config="name: settings\nsize: 1\n")
    running.wait_for_address("older")
    running.create_service("younger", config="name: settings\nsize: 2\n",
                           ports=[{"port": 6380, "targetPort": 6379, "protocol": "TCP"}])
    running.wait_for_condition("younger", "False", "size", f"{running.namespace}/older")
    running.wait_for_event("younger", "Warning", "PoolConflict", "size")
    assert running.pool("settings")["count"] == 1


def test_a_paused_service_is_left_alone_until_it_is_resumed(running):
    running.create_pod()
    running.create({"apiVersion": "v1", "kind": "Service",
                    "metadata": {"name": "redis", "annotations": {
                        "kubernetes.dcos.io/dklb-config": "name: paused\n",
                        "kubernetes.dcos.io/dklb-paused": "true"}},
                    "spec": {"type": "LoadBalancer", "selector": {"app": "redis"},
                             "ports": [{"port": 6379}]}})
    running.wait_for_event("redis", "Normal", "TranslationPaused")
    assert running.phase() == "Paused"
    assert running.pool("paused") is None
    running.patch("service", "redis",
                  {"metadata": {"annotations": {"kubernetes.dcos.io/dklb-paused": None}}})
    running.wait_for_redis(running.wait_for_address(), 6379)


def test_another_class_is_not_ours(running):
    running.create_service("theirs", config="name: theirs\n", loadBalancerClass="example.com/other")
    running.create_pod()
    running.create_service("ours", config="name: ours\n",
                           loadBalancerClass="kubernetes.dcos.io/edgelb")
    running.wait_for_redis(running.wait_for_address("ours"), 6379)
    assert running.pool("theirs") is None
    assert "finalizers" not in running.get("service", "theirs")["metadata"]
