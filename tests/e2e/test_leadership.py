"""Two replicas, one Lease: who works, who takes over and when, and what that leaves untouched."""

import json
import signal
import time

import pytest

# A crash is noticed within the lease's duration: short, and yet no loaded machine misses a renewal.
SHORT = {"leaseDuration": "6s", "renewDeadline": "5s", "retryPeriod": "500ms"}
USUAL = {"leaseDuration": "15s", "renewDeadline": "10s", "retryPeriod": "2s"}


class Replica:
    """One dklb of several."""

    def __init__(self, world, number, quick, election):
        self.world = world
        block = world.sandbox.block
        self.url = f"http://{block.host}:{block.port(8090 + number)}"
        self.process = world.sandbox.make_dklb(
            f"dklb-{number}", self.url, concurrency=quick,
            leaderElection={**election, "leaseNamespace": world.namespace}).start()
        self.process.wait_for(lambda: self.get("/readyz")[0] == 200, "ready")

    def get(self, path):
        """(status, text) of an introspection path."""
        return self.world.sandbox.get(f"{self.url}{path}")

    def leads(self):
        """Whether it holds the lease, by its own account."""
        status, text = self.get("/actors?kind=leader_elector")
        return status == 200 and json.loads(text)[0]["state"] == "leading"

    def wait_until_leads(self):
        """Waits for leadership."""
        self.process.wait_for(self.leads, "leads", 60)

    def log(self):
        """What it has said so far."""
        return self.process.log.read_text(encoding="utf-8")


class Pair:
    """Two replicas, the first of which leads, and a Service that is served."""

    def __init__(self, world, quick, election=None):
        self.world, self.quick, self.replicas = world, quick, []
        self.election = election or SHORT
        self.address = None
        self.before = None

    def start(self):
        """Returns (the leader, the standby) over a settled state."""
        leader = self._start_one(1)
        leader.wait_until_leads()
        standby = self._start_one(2)
        self.world.create_pod()
        self.world.create_service(config=f"name: {self.world.namespace}\n")
        self.address = self.world.wait_for_address()
        self.world.wait_for_redis(self.address, 6379)
        self.world.wait_for_condition("redis", "True")
        assert leader.leads() and not standby.leads()
        self.before = self.written()
        return leader, standby

    def _start_one(self, number):
        self.replicas.append(Replica(self.world, number, self.quick, self.election))
        return self.replicas[-1]

    def stop(self):
        """Ends both."""
        for replica in self.replicas:
            replica.process.stop()

    def holder(self):
        """Who holds the lease, "" for nobody."""
        lease = self.world.get("lease", "dklb")
        return lease["spec"].get("holderIdentity", "") if lease else ""

    def written(self):
        """All that a take-over must leave alone, and how often it was written and listed."""
        return {"service": self.world.get("service", "redis"),
                "pool": self.world.pool(self.world.namespace),
                "edgelb": len(self.world.edgelb_writes()),
                "kubernetes": len(self.world.kubernetes_writes()),
                "lists": len(self.world.service_lists())}

    def expect_taken_over(self, standby):
        """The other one works, nothing that was settled was written, and its cache was warm."""
        standby.wait_until_leads()
        self.world.create_service("later", config=f"name: {self.world.namespace}\n",
                                  ports=[{"port": 6380, "targetPort": 6379, "protocol": "TCP"}])
        self.world.wait_for_redis(self.world.wait_for_address("later"), 6380)
        self.world.wait_for_condition("later", "True")
        after = self.written()
        assert after["service"] == self.before["service"]
        assert after["lists"] == self.before["lists"]
        strangers = [line for line in self.world.kubernetes_writes()[self.before["kubernetes"]:]
                     if "/services/later" not in line and "/events" not in line]
        assert not strangers
        # One write of the pool, for the new Service.
        assert after["edgelb"] == self.before["edgelb"] + 1
        assert self.world.redis(self.address, 6379, "PING") == "PONG"


@pytest.fixture
def pair(world, quick):
    """Two replicas with short times, not started yet."""
    made = Pair(world, quick)
    yield made
    made.stop()


def test_a_crash_is_taken_over_when_the_lease_has_expired(pair, world):
    leader, standby = pair.start()
    holder = pair.holder()
    with world.undisturbed(pair.address, 6379):
        leader.process.kill()
        killed = time.monotonic()
        standby.wait_until_leads()
        # The last renewal was at most a retry period and a request before the crash.
        assert time.monotonic() - killed > 3, "nobody may take over while the other could live"
        assert pair.holder() != holder
        pair.expect_taken_over(standby)


def test_an_orderly_end_hands_the_lease_over_at_once(world, quick):
    pair = Pair(world, quick, USUAL)
    try:
        leader, standby = pair.start()
        with world.undisturbed(pair.address, 6379):
            leader.process.signal(signal.SIGTERM)
            assert leader.process.child.wait(30) == 0
            ended = time.monotonic()
            standby.wait_until_leads()
            assert time.monotonic() - ended < 12, "the lease did not have to expire"
            pair.expect_taken_over(standby)
        assert world.get("lease", "dklb")["spec"]["leaseTransitions"] >= 1
    finally:
        pair.stop()


def test_a_frozen_leader_never_writes_again(pair, world):
    leader, standby = pair.start()
    leader.process.signal(signal.SIGSTOP)
    frozen = len(leader.log())
    pair.expect_taken_over(standby)
    before = len(world.edgelb_writes())
    # Work for it to find when it wakes, if it believed that it leads.
    world.patch("service", "later", {"spec": {"ports": [{"port": 6381, "targetPort": 6379,
                                                         "protocol": "TCP"}]}})
    world.wait_for_redis(world.wait_for_address("later"), 6381)
    # A pool serves before EdgeLB has answered, and logged, its write.
    writes = world.wait(lambda: world.edgelb_writes()[before:], "the new leader's write is logged")
    leader.process.signal(signal.SIGCONT)
    assert leader.process.child.wait(30) == 1
    assert world.edgelb_writes()[before:] == writes
    said = leader.log()[frozen:]
    assert "leadership is lost" in said
    assert not [each for each in ("create: ", "replace: ", "remove: ") if each in said]
    assert standby.leads()


def test_a_lease_taken_by_force_ends_the_leader_whatever_its_clock_says(pair, world):
    leader, standby = pair.start()
    world.patch("lease", "dklb", {"spec": {"holderIdentity": "somebody", "leaseDurationSeconds": 2,
                                           "renewTime": "2099-01-01T00:00:00.000000Z"}})
    assert leader.process.child.wait(30) == 1
    assert "somebody" in leader.log()
    pair.expect_taken_over(standby)


def test_a_deleted_lease_is_made_again_by_its_leader(pair, world):
    leader, standby = pair.start()
    holder = pair.holder()
    world.delete("lease", "dklb")
    world.wait(pair.holder, "the lease is there again")
    assert pair.holder() == holder
    assert leader.leads() and not standby.leads()
    pair.expect_taken_over(leader)


def test_a_standby_is_ready_and_alive(pair):
    _, standby = pair.start()
    assert standby.get("/readyz")[0] == 200
    assert standby.get("/livez")[0] == 200
