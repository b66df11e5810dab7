"""A namespace with dklb and its webhook, for all tests of a module together."""

import contextlib

from test_webhook import Webhook
from world import QUICK, World


@contextlib.contextmanager
def webhook_world(sandbox, namespace, folder, **settings):
    """The world, once the API server asks the webhook. `settings` are further keys of dklb's
    configuration file."""
    world = World(sandbox, namespace)
    world.open()
    webhook = Webhook(world, folder, QUICK)
    webhook.options.update(settings)
    try:
        webhook.start()
        yield world
    finally:
        try:
            world.close()
        finally:
            webhook.remove()
