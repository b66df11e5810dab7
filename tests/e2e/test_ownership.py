"""Two dklbs on one real API server, each with a load balancer class of its own."""

import json

from world import FINALIZER

CLASS = "example.com/internal"
SECOND_FINALIZER = "kubernetes.dcos.io/dklb.example.com_internal"


class Second:
    """A dklb with a class of its own, beside the usual one and with the same cluster's name."""

    def __init__(self, world, quick):
        self.world = world
        block = world.sandbox.block
        self.url = f"http://{block.host}:{block.port(8091)}"
        self.process = world.sandbox.make_dklb(
            "dklb-second", self.url, concurrency=quick,
            leaderElection={"enabled": False},
            kubernetes={"kubeconfig": str(world.sandbox.kubeconfig), "loadBalancerClass": CLASS,
                        "claimUnclassed": False}).start()
        self.process.wait_for(lambda: self.get("/readyz")[0] == 200, "ready")

    def get(self, path):
        """(status, text) of an introspection path."""
        return self.world.sandbox.get(f"{self.url}{path}")

    def explained(self, name):
        """What it says of a Service."""
        return json.loads(self.get(f"/services/{self.world.namespace}/{name}")[1])


def finalizers(world, name):
    """Of dklb, on a Service; the API server has one of its own for load balancers."""
    found = world.get("service", name)["metadata"].get("finalizers", [])
    return [each for each in found if each.startswith(FINALIZER)]


def wait_until_quiet(world):
    """Both dklbs have compared EdgeLB with what it should be, and nobody wrote. Returns the writes
    so far."""
    def lists():
        log = world.sandbox.edgelb.log.read_text(encoding="utf-8")
        return sum(' GET "/v2/pools" ' in line for line in log.splitlines())

    def quiet():
        before = (world.kubernetes_writes(), world.edgelb_writes())
        start = lists()
        world.wait(lambda: lists() >= start + 4, "both read the inventory again")
        return before if before == (world.kubernetes_writes(), world.edgelb_writes()) else None
    return world.wait(quiet, "nobody writes any more")


def test_two_dklbs_leave_each_others_services_alone(running, quick):
    running.create_pod()
    running.create_service("usual", config="name: usual\n", port=6379, app="redis")
    usual = running.wait_for_address("usual")
    second = Second(running, quick)
    try:
        running.create_service("classed", config="name: classed\n", port=6380, app="redis",
                               loadBalancerClass=CLASS)
        running.wait_for_address("classed")
        assert finalizers(running, "usual") == [FINALIZER]
        assert finalizers(running, "classed") == [SECOND_FINALIZER]
        assert second.explained("usual")["phase"] == "Ignored"
        assert running.phase("classed") == "Ignored"
        with running.undisturbed(usual, 6379):
            before = wait_until_quiet(running)
            assert running.stop_dklb() == 0
            running.start_dklb(concurrency=quick)
            assert second.process.stop() == 0
            second = Second(running, quick)
            assert wait_until_quiet(running) == before

        # Away and back with another class while the former server cannot release it yet.
        assert running.stop_dklb() == 0
        running.patch("service", "usual", {"spec": {"type": "ClusterIP"}})
        running.wait(lambda: "ClusterIP" in second.explained("usual")["message"],
                     "the second dklb has seen the new type")
        running.patch("service", "usual",
                      {"spec": {"type": "LoadBalancer", "loadBalancerClass": CLASS}})
        running.wait(lambda: "once that finalizer is gone" in second.explained("usual")["message"],
                     "the second dklb waits")
        assert finalizers(running, "usual") == [FINALIZER]
        running.start_dklb(concurrency=quick)
        running.wait(lambda: finalizers(running, "usual") == [SECOND_FINALIZER],
                     "the second dklb serves it")
        running.wait_for_redis(running.wait_for_address("usual"), 6379)
        wait_until_quiet(running)

        running.delete("service", "usual")
        running.delete("service", "classed")
        running.wait_until_gone("usual")
        running.wait_until_gone("classed")
    finally:
        second.process.stop()
