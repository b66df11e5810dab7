"""Assembles the root folder of an image and runs programs in it as a container runtime would."""

import os
import shutil
import subprocess

from rendering import DEPLOY

USER = 65532

# In a mount namespace of its own: the root folder bound read-only, /proc and /dev as a runtime
# mounts them, what the caller mounts, and then nothing but the image. $@: the mounts as pairs, --,
# how to enter, the command.
ENTER = """
set -e
mount --make-rprivate / 2>/dev/null || true
mount --bind "$R" "$R"
for place in proc dev; do mount --rbind "/$place" "$R/$place"; done
mount -o remount,bind,ro "$R"
while [ "$1" != -- ]; do mount --bind "$1" "$R$2"; shift 2; done
shift
if touch "$R/etc/written" 2>/dev/null; then echo "the root folder is not read-only" >&2; exit 99; fi
exec "$@"
"""


def assemble(image, folder):
    """Makes the image's root folder; returns its path."""
    subprocess.run([DEPLOY / "image/assemble", image, folder], check=True, timeout=120)
    return folder


def remove(folder):
    """Deletes a root folder: its own folders are read-only."""
    for path, _, _ in os.walk(folder):
        os.chmod(path, 0o755)
    shutil.rmtree(folder)


def command(root, program, *arguments, user=USER, mounts=None, environment=None):
    """The command line that runs a program of the image as `user` on a read-only root.

    `mounts` maps folders of the image to folders of this machine. Needs root, or a kernel that
    lets users make namespaces. As root what the program may do is bounded as in a pod with all
    capabilities dropped but NET_BIND_SERVICE, besides what entering takes.
    """
    if os.geteuid() == 0:
        # Where the tests run in a chroot, its root is no mount whose propagation could be set.
        outer = ["/usr/bin/unshare", "--mount", "--propagation", "unchanged"]
        enter = ["setpriv", "--no-new-privs", "--bounding-set",
                 "-all,+net_bind_service,+sys_chroot,+setuid,+setgid", "--inh-caps", "-all",
                 "chroot", f"--userspec={user}:{user}", "--groups=", str(root)]
    else:
        outer = ["/usr/bin/unshare", "--user", "--map-root-user", "--mount"]
        enter = ["unshare", "--user", f"--map-user={user}", f"--map-group={user}", "--root",
                 str(root)]
    pairs = [str(word) for inside, outside in (mounts or {}).items()
             for word in (outside, inside)]
    variables = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", **(environment or {})}
    return [*outer, "env", f"R={root}", "sh", "-c", ENTER, "enter", *pairs, "--", "env", "-i",
            *(f"{name}={value}" for name, value in variables.items()), *enter, program,
            *map(str, arguments)]


def run(root, program, *arguments, **options):
    """Runs a program of the image to its end; the result of subprocess, output as text."""
    return subprocess.run(command(root, program, *arguments, **options), capture_output=True,
                          text=True, check=False, timeout=60)
