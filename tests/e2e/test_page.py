"""The page at /, in a real browser, over the real sandbox."""

import http.client
import json
import time
import urllib.request

import pytest
from browser import PHONE, Browser
from faulty_edgelb import FaultyEdgelb
from selenium.webdriver.common.keys import Keys

UDP = [{"name": "dns", "port": 53, "protocol": "UDP"}]
HOSTILE = '<img src=x onerror="window.hacked = true">'
ROW = "section:not([hidden]) .row"


@pytest.fixture(scope="module")
def chromium():
    """One browser for all tests of this file."""
    with Browser() as made:
        yield made


@pytest.fixture
def page(chromium, sandbox):
    """The browser; afterwards nothing was asked for elsewhere, and the console has said nothing."""
    chromium.begin()
    yield chromium
    requested, said = chromium.requested(), chromium.console()
    chromium.open("about:blank")
    outside = [url for url in requested
               if not url.startswith((sandbox.introspection + "/", "data:", "about:"))]
    assert not outside
    assert not said


@pytest.fixture
def proxy(sandbox):
    """EdgeLB with faults for single pools; outlives the world, which cleans up through it."""
    made = FaultyEdgelb(sandbox.edgelb_url)
    yield made
    made.stop()


@pytest.fixture
def edgelb(proxy, world, quick):
    """The same, with dklb behind it."""
    world.start_dklb(concurrency=quick,
                     edgelb={"url": proxy.url, "publishLocalAddresses": True})
    yield proxy
    proxy.faults.clear()


def detail(page, world, name):
    """The text about one Service."""
    page.go(f"services/{world.namespace}/{name}")
    return page.wait_for(f"{world.namespace}/{name}", "Transitions", selector=".detail")


def test_a_service_is_followed_from_pending_to_provisioned(running, page):
    page.open(running.sandbox.introspection + "/")
    page.wait_for("There is no Service of type LoadBalancer", "live", "leader", "dev/kubernetes01")
    running.create_service(config=f"name: {running.namespace}\n", app="nobody")
    name = f"{running.namespace}/redis"
    page.wait_for(name, selector=ROW)
    running.wait_for_phase("redis", "Provisioned")
    begin = time.monotonic()
    page.wait_for(name, "Provisioned", running.addresses()[-1], selector=ROW)
    assert time.monotonic() - begin < 3, "the page is fresh within 2 s"
    text = detail(page, running, "redis")
    for part in ("EnsuredLoadBalancer", "serves this Service at", running.addresses()[-1],
                 running.namespace, "6379", "Provisioning"):
        assert part in text
    page.go("services")
    running.delete("service", "redis")
    page.wait_for("There is no Service of type LoadBalancer")
    page.go(f"services/{name}")
    page.wait_for(name, "There is nothing of this name now", selector=".detail")


def test_the_stream_comes_back_by_itself(running, page):
    page.open(running.sandbox.introspection + "/")
    page.wait_for("live", selector="#live")
    running.stop_dklb()
    page.wait_for("trying again", selector="#live")
    running.create_service(config=f"name: {running.namespace}\n")
    running.start_dklb()
    page.wait_for(f"{running.namespace}/redis", "Provisioned", selector=ROW)
    page.wait_for("live", selector="#live")
    # What the browser says about the connections that failed meanwhile is right.
    assert all("ERR_" in entry["message"] for entry in page.console())
    page.messages.clear()


def test_every_pending_service_says_why(edgelb, world, page):
    """Ten Services without an address; nine here, and "no usable node" below."""
    edgelb.faults.update({"denied": (401, "who are you"), "away": None})
    world.create_service("older", config="name: shared\nsize: 1\n")
    world.wait_for_address("older")
    other_port = [{"port": 6380, "protocol": "TCP"}]
    world.create_service("bad-name", config="name: Bad_Name!\n")
    world.create_service("port-taken", config="name: shared\n")
    world.create_service("settings-differ", config="name: shared\nsize: 2\n", ports=other_port)
    world.create_service("denied", config="name: denied\n")
    world.create_service("away", config="name: away\n")
    world.create({"apiVersion": "v1", "kind": "Service",
                  "metadata": {"name": "paused", "annotations": {
                      "kubernetes.dcos.io/dklb-paused": "true"}},
                  "spec": {"type": "LoadBalancer", "ports": [{"port": 80}]}})
    world.create_service("never", config="name: missing\nstrategies:\n  creation: Never\n")
    world.create_service("udp", ports=UDP)
    world.create_service("other-class", loadBalancerClass="example.com/other")
    causes = {
        "bad-name": ("Refused", "TranslationError", "Bad_Name!", "not a valid edgelb pool name"),
        "port-taken": ("Refused", "PortConflict", "6379", f"{world.namespace}/older"),
        "settings-differ": ("Refused", "PoolConflict", "size", f"{world.namespace}/older"),
        "denied": ("Waiting", "EdgeLBError", "who are you", "check the credentials"),
        "away": ("Waiting", "EdgeLBError", "Empty reply from server", "tries again by itself"),
        "paused": ("Paused", "TranslationPaused", "dklb-paused"),
        "never": ("Refused", "PoolMissing", "missing", "Never"),
        "udp": ("Refused", "TranslationError", "53", "UDP"),
        "other-class": ("Ignored", "NotManaged", "example.com/other"),
    }
    page.open(world.sandbox.introspection + "/")
    for name, texts in causes.items():
        page.go(f"services/{world.namespace}/{name}")
        page.wait_for(*texts, selector=".detail")
        page.search(f"{world.namespace}/{name}")
        page.wait_for(f"{world.namespace}/{name}", *texts[:2], selector=ROW)
    page.search("")
    # The chips count them, and choose one phase.
    [chip] = [each for each in page.find(".chip") if each.text.startswith("Refused")]
    assert chip.text == "Refused 5"
    chip.click()
    page.wait(lambda: len(page.find(ROW)) == 5, "five rows")
    assert "check the credentials" in page.wait_for("pool denied", selector="#troubles")


def test_no_usable_node_is_the_cause_that_is_shown(world, page, quick):
    """The tenth: with pools that forward to nodes, and no node."""
    world.sandbox.nodes.stop()
    try:
        world.sandbox.kubectl("delete", "nodes", "--all")
        world.start_dklb(concurrency=quick, pools={"backendMode": "nodes"})
        world.create_service("nowhere", config=f"name: {world.namespace}\n")
        page.open(world.sandbox.introspection + f"/#/services/{world.namespace}/nowhere")
        page.wait_for("NoNodes", "node", selector=".detail")
    finally:
        world.sandbox.start_nodes()


def test_text_from_users_and_from_edgelb_is_only_text(edgelb, world, page):
    edgelb.faults["hostile"] = (400, HOSTILE + "\u202egnp.exe\u0007\u0000</script>")
    world.create_service("annotation", config=f"name: {json.dumps(HOSTILE)}\n")
    world.create_service("edgelb", config="name: hostile\n")
    page.open(world.sandbox.introspection + "/")
    for name in ("annotation", "edgelb"):
        page.go(f"services/{world.namespace}/{name}")
        text = page.wait_for("<img src=x", selector=".detail .message")
        assert "\u202e" not in text and "\u0007" not in text
    page.go("pools/hostile")
    page.wait_for("<img src=x", selector=".detail")
    page.go("actors")
    page.search("hostile")
    page.wait_for("<img src=x", selector=ROW)
    for view in ("rates", "config"):
        page.go(view)
    assert "\u202e" not in page.text()
    assert page.run("return window.hacked") is None
    assert page.run("return document.images.length + document.querySelectorAll('iframe').length") == 0
    # The page escapes by itself what dklb would let pass.
    assert page.run(r"return clean('a\u202eb\u0007c')") == r"a\u202eb\u0007c"
    # Markup in the address of the page is no markup either.
    page.go("services/x/%3Cimg%20src=x%20onerror=window.hacked=1%3E")
    page.wait_for("x/<img src=x", "There is nothing of this name now", selector=".detail")
    assert page.run("return window.hacked") is None


def test_everything_works_by_keyboard(running, page):
    for number in (1, 2, 3):
        running.create_service(f"key-{number}", config=f"name: {running.namespace}\n",
                               ports=[{"port": 7000 + number, "protocol": "TCP"}])
        running.wait_for_address(f"key-{number}")
    page.open(running.sandbox.introspection + "/")
    page.wait_for("key-3", selector=ROW)
    page.press("/", "key-")
    page.wait_for("3 items")
    page.press(Keys.TAB)  # to the chips
    page.press(Keys.TAB)  # to the list
    assert page.run("return document.activeElement.getAttribute('role')") == "listbox"
    page.press(Keys.ARROW_DOWN)
    assert "key-2" in page.run("return document.getElementById(document.activeElement"
                               ".getAttribute('aria-activedescendant')).innerText")
    page.press(Keys.ENTER)
    page.wait_for(f"{running.namespace}/key-2", "Transitions", selector=".detail")
    assert page.run("return document.activeElement.className") == "detail"
    page.press(Keys.ESCAPE)
    page.wait(lambda: page.run("return location.hash") == "#/services", "the detail is closed")
    assert page.run("return document.activeElement.getAttribute('role')") == "listbox"
    page.press(Keys.END)
    assert "key-3" in page.text(".row.active")
    # The tree of the actors unfolds and folds.
    page.go("actors")
    page.wait_for("service_watcher", "service (3)", selector=ROW)
    page.run("document.querySelector('#view-actors .list').focus()")
    page.press(Keys.HOME)
    while "service (3)" not in page.text("#view-actors .row.active"):
        page.press(Keys.ARROW_DOWN)
    page.press(Keys.ARROW_LEFT)
    page.wait(lambda: "key-1" not in page.text("#view-actors"), "the Services are folded away")
    page.press(Keys.ARROW_RIGHT)
    page.wait_for("key-1", selector="#view-actors .row")


def test_pools_actors_requests_and_configuration_are_shown(running, page):
    running.create_service(config=f"name: {running.namespace}\n")
    running.wait_for_address()
    page.open(running.sandbox.introspection + "/#/pools")
    page.wait_for(running.namespace, "1 Service", "frontends 6379", running.addresses()[-1],
                  selector=ROW)
    page.go(f"pools/{running.namespace}")
    page.wait_for(f"{running.namespace}/redis", "served", "create pool", selector=".detail")
    page.go("actors")
    page.wait_for("supervisor", "edgelb_gateway", "pool_poller (4)", selector=ROW)
    page.search("supervisor")
    page.find(ROW)[0].click()
    page.wait_for("Messages that wait", "Restarts", "the process", selector=".detail")
    page.go("rates")
    page.wait_for("Requests to EdgeLB", "Answers of EdgeLB", "Requests to the API server", "/s",
                  "10 min ago")
    page.wait(lambda: all("L" in line for line in page.run(
        "return [...document.querySelectorAll('#view-rates path:first-child')]"
        ".slice(0, 1).map(e => e.getAttribute('d'))")), "a line is drawn")
    page.go("config")
    page.wait_for("clusterName", "dev/kubernetes01", "concurrency.poolWriteGap")


def test_what_the_file_says_and_dklb_does_not_do_is_shown_without_a_reload(running, page):
    file = running.sandbox.state / "dklb.yaml"
    settings = json.loads(file.read_text(encoding="utf-8"))
    page.open(running.sandbox.introspection + "/#/config")
    page.wait_for("concurrency.schedulerThreads")
    settings["concurrency"]["schedulerThreads"] = 3
    file.write_text(json.dumps(settings), encoding="utf-8")
    page.wait_for("need a restart", "concurrency.schedulerThreads is 3 in the file and stays 0")
    settings["concurrency"]["poolWriteGap"] = "never"
    file.write_text(json.dumps(settings), encoding="utf-8")
    page.wait_for("is not in use", "concurrency.poolWriteGap", '"never" is not a duration')


@pytest.mark.parametrize("view", ["services", "pools", "actors", "rates", "config"])
def test_it_fits_on_a_phone_and_is_dark_where_that_is_wanted(running, page, view):
    running.create_service(config=f"name: {running.namespace}\n")
    running.wait_for_address()
    page.resize(*PHONE, phone=True)
    page.prefer("dark")
    page.open(running.sandbox.introspection + f"/#/{view}")
    page.wait_for("live", selector="#live")
    width = page.run("return document.documentElement.scrollWidth")
    assert width <= PHONE[0]
    red, green, blue = page.run("""return getComputedStyle(document.body).backgroundColor
        .match(/[0-9]+/g).map(Number)""")
    assert max(red, green, blue) < 64
    if view == "services":
        page.wait_for("redis", selector=ROW)
        page.find(ROW)[0].click()
        page.wait_for("Transitions", selector=".detail")
        assert not page.find("#view-services .list")
        [close] = page.find("#view-services .close")
        close.click()
        page.wait(lambda: page.find("#view-services .list"), "the list is back")
    page.prefer("light")
    assert min(int(part) for part in page.run(
        "return getComputedStyle(document.body).backgroundColor.match(/[0-9]+/g)")) > 192


MANY = """
const services = [...Array(10000).keys()].map(number => ({
  key: `team-${number % 100}/service-${String(number).padStart(5, '0')}`,
  phase: number % 50 ? 'Provisioned' : 'Refused', reason: 'EnsuredLoadBalancer',
  message: `EdgeLB pool "p" serves this Service at 192.0.2.${number % 250}`,
  pool: 'p', frontends: [{ port: number }], addresses: [`192.0.2.${number % 250}`] }));
views.services.stream.close();
views.services.items.clear();
views.services.state = 'live';
const begin = performance.now();
views.services.take(services, []);
views.services.draw();
return performance.now() - begin;
"""

SCROLL = """
const [done] = [arguments[arguments.length - 1]];
const list = document.querySelector('#view-services .list');
const gaps = [];
let last = performance.now(), frames = 0;
requestAnimationFrame(function step(now) {
  gaps.push(now - last);
  last = now;
  list.scrollTop += 4000;
  if (++frames % 20 === 0) views.services.take([{ key: `team-1/new-${frames}`,
    phase: 'Waiting', reason: 'r', message: 'm', frontends: [], addresses: [] }], []);
  if (frames < 120) requestAnimationFrame(step);
  else done({ median: gaps.sort((a, b) => a - b)[60], rows: list.querySelectorAll('.row').length });
});
"""


def test_ten_thousand_services_stay_smooth(running, page):
    page.open(running.sandbox.introspection + "/")
    page.wait_for("live", selector="#live")
    assert page.run(MANY) < 2000
    page.wait_for("10,000 items", "Refused 200")
    found = page.driver.execute_async_script(SCROLL)
    assert found["rows"] < 60, "only the rows in sight are in the document"
    assert found["median"] < 50, found
    page.search("service-09999")
    page.wait_for("team-99/service-09999", selector=ROW)


def answer_of(world, method, path):
    """(status, headers, parsed body) of a raw request."""
    where = world.sandbox.introspection.removeprefix("http://")
    connection = http.client.HTTPConnection(where, timeout=10)
    connection.request(method, path)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.status, answer.headers, body


def test_mistakes_are_answered_with_their_status_and_a_json_error(running):
    for method, path, status in (("GET", "/nowhere", 404), ("GET", "/services/only-one", 404),
                                 ("POST", "/services", 405), ("DELETE", "/pools/x", 405),
                                 ("OPTIONS", "/", 405), ("GET", "/services?wach=1", 400),
                                 ("GET", "/actors?watch=1&kind=pool", 400),
                                 ("GET", "/?x=1", 400)):
        found, headers, body = answer_of(running, method, path)
        assert found == status, (method, path)
        assert headers["Content-Type"] == "application/json"
        assert json.loads(body)["error"]
        assert "Access-Control-Allow-Origin" not in headers


def test_streams_are_bounded_and_leave_the_pages_alone(running):
    url = running.sandbox.introspection
    streams = [urllib.request.urlopen(f"{url}/services?watch=1", timeout=10) for _ in range(32)]
    try:
        status, _, body = answer_of(running, "GET", "/services?watch=1")
        assert status == 503
        assert "too many streams" in json.loads(body)["error"]
        for path in ("/", "/services", "/livez", "/readyz"):
            assert answer_of(running, "GET", path)[0] == 200
    finally:
        for each in streams:
            each.close()
    running.wait(lambda: answer_of(running, "HEAD", "/services?watch=1")[0] == 200,
                 "places are free again")
