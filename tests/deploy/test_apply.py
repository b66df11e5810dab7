"""deploy/ on a real API server: strict field validation, pod security, and the account's rights."""

import json

import pytest
import yaml
from installing import apply, uninstall
from rendering import DEPLOY, NAMESPACE, PROFILES, kustomize, objects, template

ACCOUNT = f"system:serviceaccount:{NAMESPACE}:dklb"


def granted(cluster, asked, namespace="default", name="", account=ACCOUNT):
    """Those of the (verb, resource) pairs that the server's authorizer grants the account."""
    reviews = []
    for verb, resource in asked:
        path, _, group = resource.partition(".")
        path, _, subresource = path.partition("/")
        reviews.append({
            "apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview",
            "spec": {"user": account, "resourceAttributes": {
                "namespace": namespace, "name": name, "verb": verb, "group": group,
                "resource": path, "subresource": subresource}}})
    answer = cluster.kubectl("create", "-f", "-", "-o", 'jsonpath={.status.allowed}{"\\n"}',
                             input=json.dumps({"apiVersion": "v1", "kind": "List",
                                               "items": reviews}))
    answers = answer.stdout.split()
    assert len(answers) == len(asked) and set(answers) <= {"true", "false"}
    return {pair for pair, said in zip(asked, answers) if said == "true"}


@pytest.fixture(params=PROFILES, scope="module")
def installed(request, cluster):
    """One overlay applied; taken down again so that the next one starts clean."""
    text = kustomize(f"overlays/{request.param}")
    apply(cluster, text)
    yield request.param, objects(text)
    uninstall(cluster)


def test_overlay_applies_twice_and_the_second_time_changes_nothing(installed, cluster):
    profile, wanted = installed
    versions = {}
    for attempt in (1, 2):
        answer = apply(cluster, kustomize(f"overlays/{profile}"), "-o", "json")
        items = json.loads(answer.stdout)["items"]
        assert len(items) == len(wanted)
        versions[attempt] = {(item["kind"], item["metadata"]["name"]):
                             item["metadata"]["resourceVersion"] for item in items}
        assert "Warning" not in answer.stderr, answer.stderr
    assert versions[1] == versions[2]


def test_pods_of_the_deployments_pass_pod_security(installed, cluster):
    for (kind, namespace, name), item in installed[1].items():
        if kind != "Deployment":
            continue
        template_ = item["spec"]["template"]
        pod = {"apiVersion": "v1", "kind": "Pod",
               "metadata": {**template_["metadata"], "name": f"{name}-probe",
                            "namespace": namespace}, "spec": template_["spec"]}
        answer = apply(cluster, yaml.dump(pod), "--dry-run=server", check=False)
        assert answer.returncode == 0, answer.stderr
        assert "PodSecurity" not in answer.stderr


def test_pod_that_needs_more_than_restricted_is_refused_beside_dklb(installed, cluster):
    deployment = installed[1]["Deployment", NAMESPACE, "dklb"]
    spec = json.loads(json.dumps(deployment["spec"]["template"]["spec"]))
    spec["containers"][0]["securityContext"]["allowPrivilegeEscalation"] = True
    pod = {"apiVersion": "v1", "kind": "Pod",
           "metadata": {"name": "probe", "namespace": NAMESPACE}, "spec": spec}
    answer = apply(cluster, yaml.dump(pod), "--dry-run=server", check=False)
    assert answer.returncode != 0 and 'violates PodSecurity "restricted' in answer.stderr


def test_account_may_do_what_dklb_does_and_no_more(installed, cluster):
    nodes = installed[0] == "bare-metal"
    everywhere = {("list", "services"), ("watch", "services"), ("patch", "services"),
                  ("patch", "services/status"), ("create", "events"), ("patch", "events"),
                  ("create", "events.events.k8s.io"), ("patch", "events.events.k8s.io")}
    if nodes:
        everywhere |= {("list", "nodes"), ("watch", "nodes")}
    resources = ("services", "services/status", "events", "events.events.k8s.io", "nodes", "pods",
                 "secrets", "configmaps", "namespaces", "leases.coordination.k8s.io",
                 "endpointslices.discovery.k8s.io",
                 "mutatingwebhookconfigurations.admissionregistration.k8s.io",
                 "clusterroles.rbac.authorization.k8s.io")
    asked = [(verb, resource) for resource in resources
             for verb in ("get", "list", "watch", "create", "update", "patch", "delete",
                          "deletecollection")]
    assert granted(cluster, asked) == everywhere


def test_account_elects_in_its_own_namespace_and_on_its_own_lease(installed, cluster):
    del installed
    lease = "leases.coordination.k8s.io"
    asked = [(verb, lease) for verb in ("get", "list", "create", "update", "patch", "delete")]
    assert granted(cluster, asked, NAMESPACE, "dklb") == {("get", lease), ("update", lease),
                                                          ("create", lease)}
    assert granted(cluster, asked, NAMESPACE, "other") == {("create", lease)}
    assert granted(cluster, asked, "kube-system", "dklb") == set()


def test_second_release_with_all_that_watches_it_and_registration_applies_too(cluster):
    profiles = [word for name in ("service-monitor", "prometheus-rule", "dashboards")
                for word in ("-f", DEPLOY / f"profiles/{name}.yaml")]
    text = template(*profiles, "--set", "webhook.enabled=true,webhook.register=true",
                    release="other", namespace="others").stdout
    cluster.kubectl("create", "namespace", "others")
    apply(cluster, text)
    account = "system:serviceaccount:others:other"
    hook = "mutatingwebhookconfigurations.admissionregistration.k8s.io"
    asked = [(verb, hook) for verb in ("get", "list", "create", "update", "patch", "delete")]
    assert granted(cluster, asked, name="other", account=account) \
        == {("get", hook), ("create", hook), ("patch", hook)}
    assert granted(cluster, asked, name="dklb", account=account) == {("create", hook)}


def test_strict_validation_would_see_a_typo(cluster):
    """Guards the tests above: the server refuses a field that it does not know."""
    text = kustomize("overlays/single-replica").replace("runAsNonRoot", "runAsNonRoots")
    answer = apply(cluster, text, "--dry-run=server", check=False)
    assert answer.returncode != 0 and "runAsNonRoots" in answer.stderr
