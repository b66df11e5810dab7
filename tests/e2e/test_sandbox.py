"""The sandbox itself: its nodes, and the script behind `make run`."""

import os
import pty
import select
import signal
import subprocess
import time

import pytest

from sandbox.cluster import ROOT
from sandbox.cluster.process import marked


def test_an_unknown_image_stays_pending_with_an_event_that_says_why(world):
    world.create_pod("stranger", image="postgres:16", ready=False)

    def told():
        return "not known here" in world.kubectl("get", "events").stdout
    world.wait(told, "the event")
    pod = world.get("pod", "stranger")
    assert pod["status"]["phase"] == "Pending"
    world.delete("pod", "stranger")


def test_a_pod_that_dies_is_started_again(world):
    world.create_pod()
    address = world.get("pod", "redis")["status"]["podIP"]
    world.redis(address, 6379, "SHUTDOWN", "NOSAVE")

    def restarted():
        status = world.get("pod", "redis")["status"]["containerStatuses"][0]
        return status["ready"] and status["restartCount"] == 1
    world.wait(restarted, "one restart")
    world.wait_for_redis(address, 6379)


def test_node_ports_lead_to_the_ready_pods_on_every_node(world):
    world.create_pod("web", image="echo", port=8080)
    world.create_service("web", app="web", type="NodePort", ports=[
        {"port": 80, "targetPort": "main"}])
    port = world.get("service", "web")["spec"]["ports"][0]["nodePort"]
    for node in world.sandbox.block.nodes:
        status, body = world.wait(
            lambda where=node: next((answer for answer in
                                     [world.sandbox.get(f"http://{where}:{port}/hello")]
                                     if answer[0] == 200), None), f"{node} answers")
        assert (status, f"pod: {world.namespace}/web" in body) == (200, True)
    world.delete("pod", "web")
    for node in world.sandbox.block.nodes:
        world.wait_until_closed(node, port)


class Up:
    """sandbox/up as a child, with or without a terminal."""

    def __init__(self, state, terminal):
        self.state = state
        self.said = ""
        self.terminal, its_side = pty.openpty() if terminal else (None, subprocess.DEVNULL)
        self.child = subprocess.Popen(
            [str(ROOT / "sandbox" / "up"), "--state", str(state)], stdin=its_side,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)
        if terminal:
            os.close(its_side)

    def read_until(self, text, timeout=120):
        deadline = time.monotonic() + timeout
        while text not in self.said:
            ready, _, _ = select.select([self.child.stdout], [], [], deadline - time.monotonic())
            piece = self.child.stdout.read1(65536) if ready else b""
            if not piece:
                pytest.fail(f"{text!r} was not said:\n{self.said}")
            self.said += piece.decode()

    def end(self, timeout=60):
        rest, _ = self.child.communicate(timeout=timeout)
        self.said += rest.decode()
        if self.terminal is not None:
            os.close(self.terminal)
        return self.child.returncode


def test_without_a_terminal_up_plays_the_example_and_leaves_nothing(tmp_path):
    up = Up(tmp_path, terminal=False)
    assert up.end(timeout=180) == 0, up.said
    assert "+OK" in up.said and "bar" in up.said
    assert "nothing of it is left" in up.said
    assert not marked(tmp_path)


def test_with_a_terminal_up_stays_until_ctrl_c_beside_another_sandbox(tmp_path):
    up = Up(tmp_path, terminal=True)
    up.read_until("Ctrl-C ends it.")
    assert "KUBECONFIG=" in up.said and "/actors" in up.said
    assert marked(tmp_path)
    os.killpg(up.child.pid, signal.SIGINT)
    assert up.end() == 0, up.said
    assert not marked(tmp_path)


def test_a_part_that_dies_is_named_with_its_log(tmp_path):
    up = Up(tmp_path, terminal=True)
    up.read_until("Ctrl-C ends it.")
    victim = next(pid for pid, name in marked(tmp_path).items() if name == "dklb")
    os.kill(victim, signal.SIGKILL)
    assert up.end() == 1
    assert "dklb ended with status -9" in up.said
    assert not marked(tmp_path)
