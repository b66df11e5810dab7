"""A real browser without a window, and what a user does with dklb's page in it."""

import json
import tempfile
import time

from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
         "--disable-background-networking", "--disable-component-update", "--disable-sync",
         "--no-first-run", "--force-prefers-reduced-motion", "--hide-scrollbars",
         # A name that is looked up would be an address outside.
         "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.*"]
PHONE = (390, 844)
DESKTOP = (1280, 800)
TIMEOUT = 30


class Browser:
    """One browser with one tab. Everything that it asks the network for is remembered."""

    def __init__(self):
        self.profile = tempfile.TemporaryDirectory(prefix="dklb-browser-")
        options = Options()
        options.binary_location = "/usr/bin/chromium"
        for flag in [*FLAGS, f"--user-data-dir={self.profile.name}"]:
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        self.driver = webdriver.Chrome(service=Service("/usr/bin/chromedriver"), options=options)
        self.messages, self.requests = [], []
        self.begin()

    def begin(self):
        """An empty tab of the usual size that has asked for nothing yet."""
        self.open("about:blank")
        self.resize(*DESKTOP)
        self.prefer("light")
        self.console()
        self.requested()
        self.messages.clear()
        self.requests.clear()

    def stop(self):
        """Ends it, with its folder."""
        self.driver.quit()
        self.profile.cleanup()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    # What it looks like

    def resize(self, width, height, scale=1, phone=False):
        """The size of the window, in the page's pixels."""
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
            "width": width, "height": height, "deviceScaleFactor": scale, "mobile": phone})

    def prefer(self, scheme):
        """"light" or "dark"."""
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {
            "features": [{"name": "prefers-color-scheme", "value": scheme}]})

    def picture(self, path):
        """A picture of the window."""
        assert self.driver.save_screenshot(str(path))

    # What a user sees and does

    def open(self, url):
        """Goes to an address."""
        self.driver.get(url)

    def go(self, view):
        """To a view of the page that is open, e.g. "services/default/redis"."""
        self.run("location.hash = arguments[0]", f"#/{view}")

    def run(self, script, *arguments):
        """The result of a script."""
        return self.driver.execute_script(script, *arguments)

    def find(self, selector):
        """The elements in sight that match."""
        return [each for each in self.driver.find_elements(By.CSS_SELECTOR, selector)
                if each.is_displayed()]

    def text(self, selector="body"):
        """The text in sight of everything that matches."""
        return "\n".join(self.run(
            "return [...document.querySelectorAll(arguments[0])].map(e => e.innerText)", selector))

    def press(self, *keys):
        """Keys, into whatever has the focus."""
        ActionChains(self.driver).send_keys(*keys).perform()

    def search(self, text):
        """Types into the search of the view."""
        [field] = self.find("section:not([hidden]) input[type=search]")
        field.send_keys(Keys.CONTROL, "a")
        field.send_keys(text or Keys.DELETE)

    def wait(self, condition, what, timeout=TIMEOUT):
        """The first true value of condition()."""
        until = time.monotonic() + timeout
        while not (value := condition()):
            assert time.monotonic() < until, f"{what}: not within {timeout} s; {self.text()}"
            time.sleep(0.05)
        return value

    def wait_for(self, *texts, selector="body", timeout=TIMEOUT):
        """Waits until all of these texts are in sight; returns the text."""
        def there():
            text = self.text(selector)
            return text if all(each in text for each in texts) else None
        return self.wait(there, f"{texts} in {selector}", timeout)

    # What it did behind the scenes

    def console(self):
        """What the console has said so far, at level warning or worse."""
        self.messages += [entry for entry in self.driver.get_log("browser")
                          if entry["level"] in ("WARNING", "SEVERE")]
        return self.messages

    def requested(self):
        """Every address that was asked for so far."""
        for entry in self.driver.get_log("performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                self.requests.append(message["params"]["request"]["url"])
        return self.requests
