"""What the real API server makes of dklb's status patches while others write to the same Service."""

import json
import threading
import time

from world import CONDITION


def condition(kind):
    """A condition of somebody else's."""
    return {"type": kind, "status": "True", "reason": "Fine", "message": "theirs",
            "lastTransitionTime": "2024-01-01T00:00:00Z"}


def patch_status(world, name, status):
    """As another controller writes it: a strategic merge."""
    world.kubectl("patch", "service", name, "--subresource=status", "--type=strategic", "-p",
                  json.dumps({"status": status}))


def test_the_server_merges_conditions_by_type_and_replaces_addresses(world):
    """What the status patch and tests/support/strategic_merge.cpp rely on."""
    world.create_service("plain", type="ClusterIP")
    patch_status(world, "plain", {"conditions": [condition("a.example/A")]})
    patch_status(world, "plain", {"conditions": [condition("b.example/B")]})
    patch_status(world, "plain", {"conditions": [{"type": "a.example/A", "message": "changed"}]})
    found = world.get("service", "plain")["status"]["conditions"]
    assert found == [condition("b.example/B"), {**condition("a.example/A"), "message": "changed"}]

    world.kubectl("patch", "service", "plain", "-p", '{"spec": {"type": "LoadBalancer", '
                  '"loadBalancerClass": "example.com/none"}}')
    for addresses in (["10.0.0.1", "10.0.0.2"], ["10.0.0.3"], []):
        patch_status(world, "plain",
                     {"loadBalancer": {"ingress": [{"ip": address} for address in addresses]}})
        assert world.addresses("plain") == addresses
    other = world.kubectl("patch", "service", "plain", "--subresource=status", "--type=strategic",
                          "-p", json.dumps({"metadata": {"uid": "other"}}), check=False)
    assert "metadata.uid: Invalid value" in other.stderr


def test_a_condition_that_another_program_adds_stays(running):
    running.create_pod()
    running.create_service(config="name: two-writers\n")
    added = []

    def add_conditions():
        while not added or running.condition().get("status") != "True":
            name = f"example.com/Number{len(added)}"
            patch_status(running, "redis", {"conditions": [condition(name)]})
            added.append(name)

    other = threading.Thread(target=add_conditions)
    other.start()
    running.wait_for_address()
    running.wait_for_condition("redis", "True")
    other.join()
    kinds = [each["type"] for each in running.get("service", "redis")["status"]["conditions"]]
    assert sorted(kinds) == sorted([*added, CONDITION])


def test_a_program_that_writes_the_status_at_every_event_is_not_fought(running):
    running.create_pod()
    running.create_service(config="name: contested\n")
    running.wait_for_address()

    def writes():
        return sum(f"/{running.namespace}/services/redis/status" in line
                   for line in running.kubernetes_writes())

    before = writes()
    until = time.monotonic() + 5
    while time.monotonic() < until:
        if running.addresses() != ["203.0.113.66"]:
            patch_status(running, "redis", {"loadBalancer": {"ingress": [{"ip": "203.0.113.66"}]}})
    assert writes() - before <= 4
    running.wait_for_condition("redis", "False", "another program keeps changing")
    running.wait_for_event("redis", "Warning", "StatusContested", "--show-managed-fields")
