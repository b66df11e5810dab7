"""The Helm chart: it lints, its schema refuses mistakes, its values do what they say."""

import pytest
import yaml
from rendering import CHART, DEPLOY, PROFILES, helm, objects, template

DEPLOYMENT = ("Deployment", "dklb-system", "dklb")
CONFIG_MAP = ("ConfigMap", "dklb-system", "dklb")


def rendered(*settings):
    arguments = [word for setting in settings for word in ("--set", setting)]
    return objects(template(*arguments).stdout)


def config_of(found):
    return yaml.safe_load(found[CONFIG_MAP]["data"]["dklb.yaml"])


def pod_of(found):
    return found[DEPLOYMENT]["spec"]["template"]["spec"]


@pytest.mark.parametrize("profile", [*PROFILES, "service-monitor", "prometheus-rule",
                                     "dashboards"])
def test_chart_lints_without_warning(profile):
    result = helm("lint", "-f", DEPLOY / "profiles" / f"{profile}.yaml", CHART, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "[WARNING]" not in result.stdout and "[ERROR]" not in result.stdout


@pytest.mark.parametrize("setting, names", [
    ("replicas=two", "/replicas"),
    ("replicas=-1", "/replicas"),
    ("replica=2", "replica"),
    ("clusterName=dev kubernetes", "/clusterName"),
    ("image.pullPolicy=Sometimes", "/image/pullPolicy"),
    ("config.clusterName=dev", "clusterName"),
    ("config.http.listen=0.0.0.0:80", "http"),
    ("config.http.allowedHosts={dklb:8080}", "/config/http/allowedHosts/0"),
    ("config.edgelb.bearerToken=secret", "bearerToken"),
    ("config.edgelb.url=api.edgelb", "/config/edgelb/url"),
    ("config.pools.backendMode=node", "/config/pools/backendMode"),
    ("config.pools.defaultSize=0", "/config/pools/defaultSize"),
    ("config.concurrency.resyncPeriod=120", "/config/concurrency/resyncPeriod"),
    ("config.concurrency.poll.mim=1s", "mim"),
    ("config.leaderElection.leaseDuration=15 s", "/config/leaderElection/leaseDuration"),
    ("config.log.level=loud", "/config/log/level"),
    ("webhook.failurePolicy=ignore", "/webhook/failurePolicy"),
    ("webhook.enabled=true", "/webhook"),
    ("webhook.enabled=true,webhook.certManager=true,webhook.register=true", "/webhook"),
    ("edgelb.tokenSecret=token", "/edgelb/tokenSecret"),
    ("resources.limits=null", "missing property 'limits'"),
    ("serviceMonitor.interval=often", "/serviceMonitor/interval"),
    ("prometheusRule.enabled=1", "/prometheusRule/enabled"),
    ("prometheusRule.rules=none", "rules"),
    ("dashboards.labels=grafana", "/dashboards/labels"),
    ("dashboards.folder=dklb", "folder"),
    ("networkPolicy.egressPorts={https}", "/networkPolicy/egressPorts"),
    ("networkPolicy.dnsPorts={dns}", "/networkPolicy/dnsPorts"),
    ("edgelbLocal.nodeSelector=null", "missing property 'nodeSelector'"),
    ("edgelbLocal.agents[0].private=node-1", "/edgelbLocal/agents/0/private"),
])
def test_schema_refuses_and_names_what_is_wrong(setting, names):
    result = template("--set", setting, check=False)
    assert result.returncode != 0
    assert "values don't meet the specifications of the schema" in result.stderr
    assert names in result.stderr


def test_cluster_name_comes_from_the_value_or_from_the_config_map():
    given = rendered("clusterName=prod/kubernetes01")
    assert config_of(given)["clusterName"] == "prod/kubernetes01"
    assert "CLUSTER_NAME" not in {entry["name"] for entry in pod_of(given)["containers"][0]["env"]}
    absent = rendered()
    assert "clusterName" not in config_of(absent)
    source, = [entry["valueFrom"] for entry in pod_of(absent)["containers"][0]["env"]
               if entry["name"] == "CLUSTER_NAME"]
    assert source == {"configMapKeyRef": {"name": "mke-cluster-info", "key": "CLUSTER_NAME"}}


@pytest.mark.parametrize("value, key, file", [
    ("tokenSecret", "bearerTokenFile", "token"),
    ("serviceAccountSecret", "serviceAccountFile", "service-account.json"),
    ("caConfigMap", "caFile", "ca.crt"),
])
def test_named_object_is_mounted_where_the_configuration_points(value, key, file):
    found = rendered(f"edgelb.{value}.name=given", "config.edgelb.poolGroup=a/b")
    edgelb = config_of(found)["edgelb"]
    assert edgelb["poolGroup"] == "a/b"
    folder, name = edgelb[key].rsplit("/", 1)
    assert name == file
    pod = pod_of(found)
    mount, = [entry for entry in pod["containers"][0]["volumeMounts"]
              if entry["mountPath"] == folder]
    volume, = [entry for entry in pod["volumes"] if entry["name"] == mount["name"]]
    source = volume.get("secret", {}).get("secretName") or volume["configMap"]["name"]
    assert source == "given" and mount["readOnly"] and "subPath" not in mount


def test_configuration_files_never_hold_a_secret_and_only_what_was_asked_for():
    hosts = ["dklb", "dklb.dklb-system", "dklb.dklb-system.svc",
             "dklb.dklb-system.svc.cluster.local"]
    assert config_of(rendered()) == {"http": {"listen": "0.0.0.0:8080", "allowedHosts": hosts},
                                     "leaderElection": {"leaseName": "dklb"}}
    more = rendered("config.http.allowedHosts={dklb.example.com}")
    assert config_of(more)["http"]["allowedHosts"] == [*hosts, "dklb.example.com"]


def test_lease_name_of_the_configuration_is_the_one_the_role_allows():
    found = rendered("config.leaderElection.leaseName=other")
    assert config_of(found)["leaderElection"]["leaseName"] == "other"
    named = [rule["resourceNames"] for rule in found["Role", "dklb-system", "dklb"]["rules"]
             if "resourceNames" in rule]
    assert named == [["other"]]


def test_webhook_that_registers_itself_gets_the_verbs_and_no_manifests():
    found = rendered("webhook.enabled=true", "webhook.register=true")
    assert not {kind for kind, _, _ in found} & {"MutatingWebhookConfiguration", "Certificate"}
    webhook = config_of(found)["webhook"]
    assert webhook["register"] is True and webhook["caFile"] == "/etc/dklb/webhook/ca.crt"
    assert ("Service", "dklb-system", f'{webhook["name"]}-webhook') in found
    rules = [rule for rule in found["ClusterRole", "", "dklb"]["rules"]
             if rule["apiGroups"] == ["admissionregistration.k8s.io"]]
    assert rules and webhook["name"] == "dklb"
    for rule in rules:
        assert rule.get("resourceNames") == ["dklb"] or rule["verbs"] == ["create"]
    plain = rendered("webhook.enabled=true", "webhook.caBundle=Q0E=")
    assert not [rule for rule in plain["ClusterRole", "", "dklb"]["rules"]
                if "admissionregistration.k8s.io" in rule["apiGroups"]]
    for kind in ("MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"):
        hook, = plain[kind, "", "dklb"]["webhooks"]
        assert hook["clientConfig"]["caBundle"] == "Q0E="


def test_webhook_leaves_kube_system_and_its_own_namespace_out():
    found = rendered("webhook.enabled=true", "webhook.certManager=true")
    for kind in ("MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"):
        hook, = found[kind, "", "dklb"]["webhooks"]
        selector, = hook["namespaceSelector"]["matchExpressions"]
        assert selector["operator"] == "NotIn"
        assert set(selector["values"]) == {"kube-system", "dklb-system"}
        assert hook["failurePolicy"] == "Ignore" and hook["sideEffects"] == "None"
        assert hook["timeoutSeconds"] == 5 and hook["matchPolicy"] == "Equivalent"
        service = hook["clientConfig"]["service"]
        names = found["Certificate", "dklb-system", "dklb-webhook"]["spec"]["dnsNames"]
        assert f"{service['name']}.{service['namespace']}.svc" in names
        ports = found["Service", service["namespace"], service["name"]]["spec"]["ports"]
        assert service["port"] in {port["port"] for port in ports}


def open_ports(*settings):
    """What the policy lets out: (protocol, port), in the order of the manifest."""
    policy = rendered(*settings)["NetworkPolicy", "dklb-system", "dklb"]
    rule, = policy["spec"]["egress"]
    return [(entry.get("protocol", "TCP"), entry["port"]) for entry in rule["ports"]]


@pytest.mark.parametrize("url, port", [
    ("http://edgelb.example:8080", 8080),
    ("https://edgelb.example", 443),
    ("http://edgelb.example/service/edgelb", 80),
    ("https://edgelb.example:9443/service/edgelb", 9443),
    ("http://[2001:db8::1]:8081", 8081),
    ("http://[2001:db8::1]", 80),
    (None, 80),
])
def test_policy_lets_out_to_the_port_of_edgelbs_url(url, port):
    found = open_ports(*([f"config.edgelb.url={url}"] if url else []))
    assert found.count(("TCP", port)) == 1


@pytest.mark.parametrize("port", [443, 6443, 8443, 16443])
def test_policy_lets_out_to_the_usual_ports_of_an_api_server(port):
    assert ("TCP", port) in open_ports("config.edgelb.url=http://edgelb.example:8080")


def test_policy_lets_out_to_dns_pods_on_either_port_and_the_ports_are_values():
    found = open_ports()
    for port in (53, 5353):
        assert ("TCP", port) in found and ("UDP", port) in found
    named = open_ports("networkPolicy.dnsPorts={8053}", "networkPolicy.egressPorts={7443}")
    assert named == [("TCP", 8053), ("UDP", 8053), ("TCP", 80), ("TCP", 7443)]


def test_an_agent_of_the_values_may_have_several_addresses():
    found = rendered("edgelbLocal.enabled=true", "edgelbLocal.agents[0].private={10.0.0.5,fd00::5}")
    text = found["ConfigMap", "edgelb-local", "edgelb-local-agents"]["data"]["agents.json"]
    assert yaml.safe_load(text) == [{"private": ["10.0.0.5", "fd00::5"]}]


def test_agents_of_the_values_become_the_file_that_edgelb_local_reads():
    found = rendered("edgelbLocal.enabled=true", "edgelbLocal.agents[0].private=10.0.0.5",
                     "edgelbLocal.agents[0].public=203.0.113.9")
    text = found["ConfigMap", "edgelb-local", "edgelb-local-agents"]["data"]["agents.json"]
    assert yaml.safe_load(text) == [{"private": "10.0.0.5", "public": "203.0.113.9"}]
