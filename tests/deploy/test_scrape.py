"""The alerts and the dashboards over pages of the running programs."""

import json
import subprocess

import promql
import pytest
import yaml
from monitoring import (Series, panel_queries, promtool, rule_queries, samples,
                        series_of_edgelb_local)
from rendering import ROOT

from sandbox.cluster import Sandbox

COUNTED = ("_total", "_bucket", "_sum", "_count")


# Frontends of dklb speak TCP, and HAProxy counts answers of HTTP alone.
HTTP_POOL = {"name": "hand-made", "haproxy": {
    "stats": {"bindPort": 0},
    "frontends": [{"name": "web", "bindPort": 8081, "protocol": "HTTP",
                   "linkBackend": {"defaultBackend": "web"}}],
    "backends": [{"name": "web", "protocol": "HTTP", "services": [
        {"endpoint": {"type": "ADDRESS", "address": "127.0.0.1", "port": 1}}]}]}}


def create_pool(sandbox, pool):
    """POST, as an operator would."""
    subprocess.run(["curl", "--silent", "--show-error", "--fail", "-H",
                    "Content-Type: application/json", "-d", json.dumps(pool),
                    f"{sandbox.edgelb_url}/v2/pools"], check=True, capture_output=True, timeout=60)


def certificate(folder):
    """A pair for the webhook."""
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:P-256", "-nodes", "-days", "1", "-subj", "/CN=dklb",
                    "-keyout", folder / "tls.key", "-out", folder / "tls.crt"],
                   check=True, capture_output=True, timeout=60)
    return {"certFile": str(folder / "tls.crt"), "keyFile": str(folder / "tls.key")}


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """The pages of dklb and of edgelb-local after a Service is served, with everything on that adds
    series."""
    with Sandbox.in_free_folder(ROOT / "build/test/sandbox-scrape") as sandbox:
        sandbox.start_control_plane()
        sandbox.start_nodes()
        sandbox.start_edgelb()
        create_pool(sandbox, HTTP_POOL)
        host, port = sandbox.block.host, sandbox.block.port(8443)
        sandbox.start_dklb(pools={"backendMode": "nodes"}, webhook={
            "enabled": True, "listen": f"{host}:{port}",
            **certificate(tmp_path_factory.mktemp("certificate"))})
        sandbox.kubectl("create", "-f", "-", input=json.dumps({
            "apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"},
            "spec": {"type": "LoadBalancer", "ports": [{"port": 80}]}}))

        def settled():
            """The page, once the Service has its address and its event."""
            text = sandbox.get(f"{sandbox.introspection}/metrics")[1]
            lines = {(metric, *labels.values()): value for metric, labels, value in samples(text)}
            return lines.get(("dklb_services", "Provisioned")) == "1" \
                and ("dklb_kubernetes_requests_total", "201", "create") in lines and text

        page = sandbox.dklb.wait_for(settled, "serves a Service", 60)
        yield page, sandbox.get(f"{sandbox.edgelb_url}/metrics", timeout=20)[1]
        sandbox.kubectl("delete", "service", "web", "--timeout=60s")


@pytest.fixture(scope="module")
def page(pages):
    """That of dklb."""
    return pages[0]


@pytest.fixture(scope="module")
def scraped(pages):
    """The series that are there."""
    series = Series()
    for text in pages:
        series.add_scrape(text)
    return series


@pytest.mark.parametrize("query", [*rule_queries(), *panel_queries()], ids=lambda each: each.where)
def test_a_query_names_only_series_that_are_there(scraped, query):
    assert scraped.mistakes(query, promql.read(query.text)) == []


def test_the_table_of_edgelb_local_is_its_page(pages):
    there = {}
    for metric, labels, _ in samples(pages[1]):
        if not metric.startswith("haproxy_"):
            there.setdefault(metric, set()).update(labels)
    assert there == {metric: set(labels) for metric, labels in series_of_edgelb_local().items()}


def input_series(pages):
    """What Prometheus would have after ten scrapes of all that: counters count."""
    found = [sample for text in pages for sample in samples(text)]
    for metric, labels, value in found:
        inside = ",".join(f'{label}="{value}"' for label, value in labels.items())
        step = "+1" if metric.endswith(COUNTED) else "+0"
        yield {"series": f"{metric}{{{inside}}}", "values": f"{float(value):f}{step}x10"}


def test_every_panel_shows_something(pages, tmp_path):
    """As Prometheus itself evaluates it. Statuses of failures are no part of a good page."""
    cases = [{"expr": f"count({query.text}) > bool 0", "eval_time": "5m",
              "exp_samples": [{"labels": "{}", "value": 1}]}
             for query in panel_queries()
             if not any("code" in selector.labels for selector in promql.read(query.text).selectors)]
    assert len(cases) > len(panel_queries()) / 2
    file = tmp_path / "panels.yaml"
    file.write_text(yaml.safe_dump({"tests": [{
        "interval": "30s", "input_series": list(input_series(pages)),
        "promql_expr_test": cases}]}), encoding="utf-8")
    promtool("test", "rules", file)
