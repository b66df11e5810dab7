"""The guide's redis example, as `make run` plays it."""

import subprocess

from sandbox.cluster import wait_until
from sandbox.example import POOL, PORT, Example


def test_the_guides_redis_example(running):
    said = []
    example = Example(running.sandbox, said.append)
    try:
        example.set_up()
        transcript = "".join(said)
        # What the guide shows, line for line where nothing depends on the machine.
        assert "pod/redis created\n" in transcript
        assert "redis   1/1     Running   0" in transcript
        assert "service/redis created\n" in transcript
        assert "+OK\n" in transcript and "$3\nbar\n" in transcript
        row = next(line for line in transcript.splitlines() if line.split()[:1] == [POOL])
        assert row.split()[1:4] == ["V2", "1", "slave_public"]
        assert str(PORT) in row
        assert running.redis(example.address(), PORT, "GET", "foo") == "bar"
    finally:
        running.sandbox.kubectl("delete", "svc,pod", "redis", "--ignore-not-found", "--wait=false")
    running.wait_until_gone(POOL)


def test_the_example_is_taken_down_as_the_guide_does(running):
    said = []
    example = Example(running.sandbox, said.append)
    example.set_up()
    address = example.address()
    example.take_down()
    transcript = "".join(said)
    assert 'service "redis" deleted' in transcript
    assert 'pod "redis" deleted' in transcript
    assert running.pool(POOL) is None
    running.wait_until_closed(address, PORT)
    names = running.sandbox.kubectl("get", "svc,pod", "-n", "default", "-o", "name").stdout.split()
    assert names == ["service/kubernetes"]


def test_the_service_can_be_waited_for_with_kubectl(running):
    running.create_pod()
    running.create_service(config="name: waited-for\n")
    waiting = subprocess.run(
        ["kubectl", "-n", running.namespace, "wait", "service/redis", "--timeout=60s",
         "--for=jsonpath={.status.loadBalancer.ingress}"],
        env=running.sandbox.environment(), capture_output=True, text=True, check=False)
    assert waiting.returncode == 0, waiting.stderr
    wait_until(lambda: running.redis(running.addresses()[-1], 6379, "PING") == "PONG",
               "redis answers", 30)
