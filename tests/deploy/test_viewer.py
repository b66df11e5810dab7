"""The roles of people who use `kubectl dklb`, by the API server's own judgement."""

import pytest
import yaml
from installing import apply, uninstall
from rendering import DEPLOY, NAMESPACE, kustomize, objects, template

from sandbox.cluster import wait_until

VERBS = ("get", "list", "watch", "create", "update", "patch", "delete", "deletecollection")
RESOURCES = (("", "pods"), ("", "pods/proxy"), ("", "pods/log"), ("", "pods/exec"),
             ("", "services"), ("", "services/proxy"), ("", "nodes/proxy"), ("", "secrets"),
             ("", "configmaps"), ("", "events"), ("events.k8s.io", "events"),
             ("coordination.k8s.io", "leases"))
SUBJECT = {"kind": "User", "name": "jane"}


def with_component(folder):
    """The objects of an overlay with the component, as text."""
    # Paths of a kustomization are relative.
    up = "../" * (len(folder.parts) - 1)
    (folder / "kustomization.yaml").write_text(yaml.dump({
        "resources": [f"{up}{DEPLOY}/overlays/single-replica".replace("//", "/")],
        "components": [f"{up}{DEPLOY}/components/viewer".replace("//", "/")]}))
    return kustomize(folder)


def rights(cluster, user, namespace, name=""):
    """(verb, resource with group) of everything that a user may do there."""
    asked = [(verb, group, resource, namespace, name)
             for group, resource in RESOURCES for verb in VERBS]
    return {(verb, resource if not group else f"{resource}.{group}")
            for verb, group, resource, _, _ in cluster.allowed(user, asked)}


def test_component_and_chart_give_the_same_two_roles(tmp_path):
    plain = objects(kustomize("overlays/single-replica"))
    more = objects(with_component(tmp_path))
    chart = objects(template("-f", DEPLOY / "profiles/viewer.yaml").stdout)
    added = {("Role", NAMESPACE, "dklb-viewer"), ("ClusterRole", "", "dklb-viewer")}
    assert more.keys() - plain.keys() == added
    assert chart.keys() - objects(template().stdout).keys() == added
    assert {key: more[key] for key in added} == {key: chart[key] for key in added}
    assert not objects(template().stdout).keys() & added, "nobody gets roles without asking"


def test_lease_of_the_role_is_that_of_the_configuration():
    found = objects(template("--set", "viewer.enabled=true,config.leaderElection.leaseName=other")
                    .stdout)
    named = [rule["resourceNames"] for rule in found["Role", NAMESPACE, "dklb-viewer"]["rules"]
             if "resourceNames" in rule]
    assert named == [["other"]]


@pytest.mark.parametrize("setting, names", [
    ("viewer.subjects[0].kind=Robot,viewer.subjects[0].name=a", "/viewer/subjects/0/kind"),
    ("viewer.subjects[0].kind=User", "missing property 'name'"),
    ("viewer.role=admin", "role"),
])
def test_schema_refuses_wrong_subjects(setting, names):
    result = template("--set", setting, check=False)
    assert result.returncode != 0 and names in result.stderr


@pytest.fixture(scope="module")
def installed(cluster, tmp_path_factory):
    """The chart with a viewer on the API server."""
    folder = tmp_path_factory.mktemp("values")
    (folder / "values.yaml").write_text(yaml.dump(
        {"viewer": {"enabled": True, "subjects": [SUBJECT]}}))
    cluster.kubectl("create", "namespace", NAMESPACE)
    cluster.kubectl("create", "namespace", "shop")
    try:
        apply(cluster, template("-f", folder / "values.yaml").stdout)
        yield cluster
    finally:
        cluster.kubectl("delete", "namespace", "shop", "--wait=false")
        cluster.kubectl("delete", "clusterrole", "dklb-viewer", "--ignore-not-found")
        uninstall(cluster)


def test_viewer_may_find_and_ask_the_leader_and_no_more(installed):
    granted = {("get", "pods/proxy"), ("get", "leases.coordination.k8s.io")}
    wait_until(lambda: rights(installed, "jane", NAMESPACE, "dklb") == granted,
               "the role counts", 20)
    assert rights(installed, "jane", NAMESPACE, "other") == {("get", "pods/proxy")}
    assert rights(installed, "jane", "shop") == set(), "not the pods of others"
    assert rights(installed, "joe", NAMESPACE, "dklb") == set()


def test_events_of_a_namespace_come_with_a_binding_there_or_with_the_role_view(installed):
    # The part of `view` that a cluster begins with; no controller puts it together here.
    for user, role in (("jane", "dklb-viewer"), ("mary", "system:aggregate-to-view")):
        installed.kubectl("-n", "shop", "create", "rolebinding", user, f"--clusterrole={role}",
                          f"--user={user}")
        wait_until(lambda user=user: ("list", "events") in rights(installed, user, "shop"),
                   f"{user} may list events", 20)
    assert rights(installed, "jane", "shop") == {("list", "events")}


def test_service_monitor_of_edgelb_local_keeps_the_instances_of_haproxy_apart(cluster):
    settings = ("--set", "serviceMonitor.enabled=true,edgelbLocal.enabled=true")
    found = objects(template(*settings).stdout)
    monitor = found["ServiceMonitor", "edgelb-local", "edgelb-local"]["spec"]
    service = found["Service", "edgelb-local", "edgelb-local"]
    assert monitor["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()
    endpoint, = monitor["endpoints"]
    assert endpoint["honorLabels"] is True and endpoint["path"] == "/metrics"
    assert endpoint["port"] in {port["name"] for port in service["spec"]["ports"]}
    assert endpoint["authorization"]["credentials"] == {"name": "edgelb-token", "key": "token"}
    assert ("ServiceMonitor", "edgelb-local", "edgelb-local") \
        not in objects(template("--set", "serviceMonitor.enabled=true").stdout)
    cluster.kubectl("create", "namespace", "edgelb-local")
    try:
        apply(cluster, yaml.dump(found["ServiceMonitor", "edgelb-local", "edgelb-local"]),
              "--dry-run=server")
    finally:
        cluster.kubectl("delete", "namespace", "edgelb-local", "--wait=false")
