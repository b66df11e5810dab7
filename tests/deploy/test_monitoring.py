"""The alerts and the dashboards: promtool's judgement, and nothing that is not there is named."""

import itertools
import re
import subprocess

import promql
import pytest
import yaml
from monitoring import (ALERTS, DASHBOARDS, OF_INSTANCES, PAGE, Query, Series, alerts, dashboard,
                        panel_queries, promtool, rule_queries, series_of_edgelb_local,
                        series_of_introspection)
from rendering import ROOT, objects, template

TESTS = ROOT / "tests/deploy/alerts.test.yaml"


def test_rules_are_valid_and_pass_their_tests():
    promtool("check", "rules", "--lint-fatal", ALERTS)
    promtool("test", "rules", TESTS)


@pytest.mark.parametrize("name", alerts())
def test_an_alert_is_tested_to_fire_and_not_to_fire(name):
    cases = [case for group in yaml.safe_load(TESTS.read_text(encoding="utf-8"))["tests"]
             for case in group.get("alert_rule_test", []) if case["alertname"] == name]
    assert {bool(case.get("exp_alerts")) for case in cases} == {True, False}


@pytest.mark.parametrize("name", alerts())
def test_an_alert_says_how_bad_it_is_and_names_its_section(name):
    rule = alerts()[name]
    assert rule["labels"] in ({"severity": "critical"}, {"severity": "warning"})
    assert rule["annotations"].keys() == {"summary", "description", "runbook"}
    assert rule["annotations"]["runbook"] == f"docs/alerts.md#{name.lower()}"
    section = re.search(rf"^## {name}\n(.*?)(?=^## |\Z)", PAGE, re.M | re.S).group(1)
    assert re.findall(r"^\*\*([\w ]+)\.\*\*", section, re.M) == ["Meaning", "Impact", "What to do"]


def test_no_section_is_about_an_alert_that_is_gone():
    assert set(re.findall(r"^## ((?:Dklb|Edgelb)\w+)$", PAGE, re.M)) == alerts().keys()


def test_dashboards_are_what_their_descriptions_give():
    result = subprocess.run([ROOT / "tools/dashboards", "--check"], capture_output=True, text=True,
                            timeout=60, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("path", DASHBOARDS, ids=lambda path: path.stem)
def test_panels_are_explained_and_do_not_overlap(path):
    document = dashboard(path)
    panels = document["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    for panel in panels:
        assert panel["title"] and (panel["type"] == "row" or panel["description"]), panel["id"]
    squares = [(x, y) for place in (panel["gridPos"] for panel in panels)
               for x, y in itertools.product(range(place["x"], place["x"] + place["w"]),
                                             range(place["y"], place["y"] + place["h"]))]
    assert len(set(squares)) == len(squares)
    assert max(x for x, _ in squares) < 24


@pytest.mark.parametrize("path", DASHBOARDS, ids=lambda path: path.stem)
def test_variables_that_a_dashboard_uses_are_its_own(path):
    text = path.read_text(encoding="utf-8")
    names = {each["name"] for each in dashboard(path)["templating"]["list"]}
    assert set(re.findall(r"\$(?:{(\w+)}|(?!_)(\w+))", text)) \
        == {(name, "") if name == "datasource" else ("", name) for name in names}


def test_dashboards_have_names_of_their_own():
    documents = [dashboard(path) for path in DASHBOARDS]
    for key in ("uid", "title"):
        assert len({document[key] for document in documents}) == len(documents) == 2


def test_promtool_takes_the_expression_of_every_panel(tmp_path):
    rules = [{"record": f"panel:query{number}", "expr": query.text}
             for number, query in enumerate(panel_queries())]
    file = tmp_path / "panels.yaml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}))
    promtool("check", "rules", "--lint=none", file)


@pytest.fixture(scope="module")
def documented(exporter):
    """The series that the pages of docs/ list, and those of HAProxy."""
    series = Series()
    series.add_scrape(exporter, *OF_INSTANCES)
    for metric, labels in [*series_of_introspection().items(), *series_of_edgelb_local().items()]:
        series.add(metric, labels)
    return series


@pytest.mark.parametrize("query", [*rule_queries(), *panel_queries()], ids=lambda each: each.where)
def test_a_query_names_only_series_that_are_documented(documented, query):
    assert documented.mistakes(query, promql.read(query.text)) == []


@pytest.mark.parametrize("text, shown, mistake", [
    ("sum(dklb_leaders)", (), "no series dklb_leaders"),
    ('dklb_leader == 1 or rate(dklb_pool_total{a="b"}[5m])', (), "no series dklb_pool_total"),
    ('dklb_services{face="Refused"}', (), "dklb_services has no label face"),
    ("sum by (face) (dklb_services)", (), "no series has the label face"),
    ("sum by (job) (dklb_services)", ("phase",), "the result has no label phase to show"),
    ("dklb_services", ("face",), "the result has no label face to show"),
    ('edgelb_instances{state="runs"}', (), "state of edgelb_instances is never runs"),
    ('haproxy_backend_active_server{proxy="x"}', (), "no series haproxy_backend_active_server"),
    ('haproxy_backend_status{server="x"}', (), "haproxy_backend_status has no label server"),
])
def test_a_wrong_name_is_seen(documented, text, shown, mistake):
    """Guards the test above."""
    assert documented.mistakes(Query("here", text, set(shown)), promql.read(text)) \
        == [f"here: {mistake}"]


def test_the_chart_gives_the_rule_file_and_the_dashboards():
    found = objects(template("--set", "prometheusRule.enabled=true,dashboards.enabled=true",
                             "--set", "prometheusRule.labels.release=prometheus",
                             "--set", "dashboards.annotations.grafana_folder=dklb").stdout)
    rule = found["PrometheusRule", "dklb-system", "dklb"]
    assert rule["spec"] == yaml.safe_load(ALERTS.read_text(encoding="utf-8"))
    assert rule["metadata"]["labels"]["release"] == "prometheus"
    for path in DASHBOARDS:
        config_map = found["ConfigMap", "dklb-system", f"dklb-dashboard-{path.stem}"]
        assert config_map["data"] == {path.name: path.read_text(encoding="utf-8")}
        assert config_map["metadata"]["labels"]["grafana_dashboard"] == "1"
        assert config_map["metadata"]["annotations"] == {"grafana_folder": "dklb"}


def test_the_chart_gives_neither_unless_asked():
    names = {(kind, name) for kind, _, name in objects(template().stdout)}
    assert not [name for kind, name in names if kind == "PrometheusRule" or "dashboard" in name]
