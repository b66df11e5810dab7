"""Manifests onto the API server, and off it again."""

from rendering import NAMESPACE

CLUSTER_WIDE = ("mutatingwebhookconfiguration", "validatingwebhookconfiguration", "clusterrole",
                "clusterrolebinding")


def apply(cluster, text, *flags, check=True):
    """Server-side apply with strict field validation; what a typo would pass is an error."""
    return cluster.kubectl("apply", "--server-side", "--validate=strict", *flags, "-f", "-",
                           input=text, check=check)


def uninstall(cluster):
    """Takes everything down that an overlay has, so that the next one starts clean."""
    cluster.kubectl("delete", ",".join(CLUSTER_WIDE), "dklb", "--ignore-not-found")
    cluster.kubectl("delete", "namespace", NAMESPACE, "edgelb-local", "--ignore-not-found",
                    "--wait", "--timeout=60s")
