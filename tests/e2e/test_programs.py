"""The programs as an operator meets them: flags, exit status, introspection."""

import json
import subprocess

from sandbox.cluster import RELEASE


def dklb(*arguments, **options):
    """Runs dklb to its end."""
    return subprocess.run([str(RELEASE / "dklb"), *arguments], capture_output=True, text=True,
                          timeout=60, check=False, **options)


def test_every_mistake_of_a_configuration_is_listed_with_its_line(tmp_path):
    config = tmp_path / "dklb.yaml"
    config.write_text("clusterName: dev\nedgelb:\n  urll: http://a\nconcurrency:\n"
                      "  resyncPeriod: often\n", encoding="utf-8")
    result = dklb("--config", str(config))
    assert result.returncode == 2
    for line, key in ((3, "urll"), (5, "resyncPeriod")):
        assert any(text.startswith(f"{config}:{line}:") and key in text
                   for text in result.stderr.splitlines()), result.stderr
    checked = dklb("check-config", str(config))
    assert checked.returncode == 2


def test_a_good_configuration_is_accepted(tmp_path):
    config = tmp_path / "dklb.yaml"
    config.write_text("clusterName: dev\n", encoding="utf-8")
    assert dklb("check-config", str(config)).returncode == 0


def test_a_bad_flag_is_status_2():
    result = dklb("--no-such-flag")
    assert result.returncode == 2
    assert "no-such-flag" in result.stderr


def test_the_version_is_printed():
    result = dklb("--version")
    assert result.returncode == 0
    assert any(character.isdigit() for character in result.stdout)


def test_health_endpoints(running):
    get, base = running.sandbox.get, running.sandbox.introspection
    for path in ("/healthz", "/livez", "/readyz"):
        assert get(base + path)[0] == 200
        assert "ok" in get(f"{base}{path}?verbose")[1]
    status, body = get(f"{base}/no/such/path")
    assert status == 404
    assert "error" in json.loads(body)


def test_actors_pools_and_services_describe_themselves(running):
    running.create_pod()
    running.create_service(config="name: introspected\n")
    running.wait_for_phase("redis", "Provisioned")
    key = f"{running.namespace}/redis"

    _, actors = running.introspect("/actors")
    kinds = {actor["kind"] for actor in actors}
    assert {"service", "pool", "pool_poller", "status_writer", "service_watcher",
            "supervisor"} <= kinds
    for field in ("id", "kind", "key", "state", "since", "mailbox", "processed", "restarts",
                  "lastError"):
        assert all(field in actor for actor in actors), field
    _, filtered = running.introspect(f"/actors?kind=service&key={key}")
    assert [(actor["kind"], actor["key"]) for actor in filtered] == [("service", key)]

    _, service = running.introspect(f"/services/{key}")
    assert service["pool"] == "introspected"
    assert service["addresses"] == running.addresses()
    assert service["timeline"], "the way to here is told"
    status, _ = running.introspect(f"/services/{running.namespace}/absent")
    assert status == 404

    _, pool = running.introspect("/pools/introspected")
    assert key in json.dumps(pool["claims"])
    assert pool["addresses"] == running.addresses()
    _, pools = running.introspect("/pools")
    assert "introspected" in json.dumps(pools)


def test_the_live_configuration_is_shown_without_secrets(world, quick, tmp_path):
    token = tmp_path / "token"
    token.write_text("very-secret-token\n", encoding="utf-8")
    world.start_dklb(concurrency=quick, edgelb={"url": world.sandbox.edgelb_url,
                                                "publishLocalAddresses": True,
                                                "bearerTokenFile": str(token)})
    _, config = world.introspect("/config")
    assert "dev/kubernetes01" in json.dumps(config)
    assert "very-secret-token" not in json.dumps(config)
    assert "very-secret-token" not in world.sandbox.dklb.log.read_text(encoding="utf-8")


def test_plan_tells_what_would_be_written(running):
    config = running.sandbox.state / "dklb.yaml"
    running.create_pod()
    running.create_service(config="name: planned\n")
    running.wait_for_phase("redis", "Provisioned")
    settled = dklb("plan", f"--config={config}")
    assert (settled.returncode, settled.stdout) == (0, "Nothing to do.\n"), settled

    running.stop_dklb()
    running.create_service("second", config="name: planned\n", port=6380)
    running.create_service("rival", config="name: planned\n")
    writes = running.edgelb_writes()
    planned = dklb("plan", f"--config={config}")
    assert planned.returncode == 1, planned
    assert "planned  replace" in planned.stdout
    assert f"add frontend dev.kubernetes01:{running.namespace}:second:6380" in planned.stdout
    assert f"{running.namespace}/rival  Refused  PortConflict" in planned.stdout
    as_json = json.loads(dklb("plan", f"--config={config}", "-o", "json").stdout)
    assert [pool["name"] for pool in as_json["pools"]] == ["planned"]
    assert running.edgelb_writes() == writes
    # What was said is what is done.
    running.sandbox.start_dklb()
    running.wait_for_phase("second", "Provisioned")
    running.wait_for_phase("rival", "Refused")
    assert dklb("plan", f"--config={config}").returncode == 0
