"""The alerts, the dashboards, and the series that they may name."""

import json
import re
import subprocess
from dataclasses import dataclass, field

import yaml
from rendering import CHART, ROOT

ALERTS = CHART / "files/alerts.yaml"
DASHBOARDS = sorted((CHART / "files/dashboards").glob("*.json"))
PAGE = (ROOT / "docs/alerts.md").read_text(encoding="utf-8")
# Labels of the targets: Prometheus adds them to each series.
OF_TARGETS = {"cluster", "namespace", "job", "instance", "pod"}
# Added to the series of HAProxy's exporter by edgelb-local.
OF_INSTANCES = {"pool", "instance"}


def promtool(*arguments):
    """Runs promtool; fails with its words."""
    result = subprocess.run(["promtool", *map(str, arguments)], capture_output=True, text=True,
                            timeout=120, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


def alerts():
    """Every alert of the rule file by name."""
    groups = yaml.safe_load(ALERTS.read_text(encoding="utf-8"))["groups"]
    rules = [rule for group in groups for rule in group["rules"]]
    found = {rule["alert"]: rule for rule in rules}
    assert len(found) == len(rules), "an alert is there twice"
    return found


@dataclass
class Query:
    """An expression, and the labels that the texts around it show."""

    where: str
    text: str
    shown: set = field(default_factory=set)


def dashboard(path):
    """A dashboard's document."""
    return json.loads(path.read_text(encoding="utf-8"))


def rule_queries():
    """The expressions of the alerts."""
    return [Query(name, rule["expr"],
                  set(re.findall(r"\$labels\.(\w+)", " ".join(rule["annotations"].values()))))
            for name, rule in alerts().items()]


def panel_queries():
    """The expressions of the dashboards, with everything chosen."""
    found = []
    for path in DASHBOARDS:
        document = dashboard(path)
        for variable in document["templating"]["list"][1:]:
            metric, label = re.fullmatch(r"label_values\((\w+), (\w+)\)",
                                         variable["definition"]).groups()
            found.append(Query(f"{path.stem}, ${variable['name']}", f"count by ({label}) ({metric})"))
        for panel in document["panels"]:
            for target in panel.get("targets", []):
                text = target["expr"].replace("$__rate_interval", "5m")
                found.append(Query(f"{path.stem}, {panel['title']}",
                                   re.sub(r'=~"\$\w+"', '=~".*"', text),
                                   set(re.findall(r"{{(\w+)}}", target["legendFormat"]))))
    return found


class Series:
    """Series that exist: metric -> label -> its values. None: any value may come."""

    def __init__(self):
        self.known = {}

    def add(self, metric, labels):
        """`labels`: label -> its values, or None."""
        of_metric = self.known.setdefault(metric, {})
        for label, values in labels.items():
            before = of_metric.setdefault(label, set())
            of_metric[label] = None if values is None or before is None else before | set(values)

    def add_scrape(self, text, *more_labels):
        """A page in Prometheus' text format; `more_labels` are added to each series.

        A status appears when it first comes, so any `code` may come.
        """
        for metric, labels, _ in samples(text):
            self.add(metric, {**{label: [value] if label != "code" else None
                                 for label, value in labels.items()},
                              **dict.fromkeys(more_labels)})

    def mistakes(self, query, expression):
        """What a query names and is not there."""
        found, labels = [], set(OF_TARGETS)
        for selector in expression.selectors:
            if selector.metric not in self.known:
                found.append(f"{query.where}: no series {selector.metric}")
                continue
            known = self.known[selector.metric]
            labels |= known.keys()
            found += [f"{query.where}: {selector.metric} has no label {label}"
                      for label in selector.labels - known.keys() - OF_TARGETS]
            found += [f"{query.where}: {label} of {selector.metric} is never {value}"
                      for label, value in selector.equal.items()
                      if known.get(label) is not None and value not in known[label]]
        found += [f"{query.where}: no series has the label {label}"
                  for label in expression.listed - labels]
        result = expression.listed or labels
        found += [f"{query.where}: the result has no label {label} to show"
                  for label in query.shown - result]
        return found


def samples(text):
    """(metric, labels, value) of each line of a page in Prometheus' text format."""
    for line in text.splitlines():
        if line and not line.startswith("#"):
            metric, labels, value = re.fullmatch(r"([\w:]+)(?:{(.*)})? (\S+)", line).groups()
            yield metric, dict(re.findall(r'(\w+)="((?:\\.|[^"\\])*)"', labels or "")), value


def series_of_edgelb_local():
    """The metrics that edgelb/README.md lists as its own: metric -> label -> its values or None."""
    text = (ROOT / "edgelb/README.md").read_text(encoding="utf-8")
    found = {}
    for metric, labels, meaning in re.findall(
            r"^\| `((?:edgelb|process)_\w+)(?:{([\w,]+)})?` \| \w+ \|(.*)\|$", text, re.M):
        found[metric] = dict.fromkeys(filter(None, labels.split(",")))
        if "state" in found[metric]:
            found[metric]["state"] = re.findall(r"`(\w+)`:", meaning)
    return found


def series_of_introspection():
    """The metrics that docs/introspection.md lists: metric -> label -> None."""
    text = (ROOT / "docs/introspection.md").read_text(encoding="utf-8")
    found = {}
    for metric, labels, kind in re.findall(r"^\| `(dklb_\w+)(?:{([\w,]+)})?` \| (\w+) \|", text, re.M):
        names = dict.fromkeys(filter(None, labels.split(",")))
        if kind == "histogram":
            found[f"{metric}_bucket"] = {**names, "le": None}
            found[f"{metric}_sum"] = found[f"{metric}_count"] = names
        else:
            found[metric] = names
    return found
