# SPDX-License-Identifier: MIT
"""A network of the test's own: namespaces in which the resolver, hosts and public-looking addresses are what the test says."""
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

INSIDE = "PERIGEE_TEST_NAMESPACE"


def become(addresses, resolver="nameserver 127.0.0.1\n"):
    """In the namespaces: these addresses are the machine's, and names are asked of 127.0.0.1."""
    for address in addresses:
        v6 = ":" in address
        subprocess.run(["ip", "addr", "add", address + ("/128" if v6 else "/32"), "dev", "lo", *(["nodad"] if v6 else [])], check=True)
    folder = tempfile.mkdtemp(prefix="perigee-names-")
    for name, text in (("resolv.conf", resolver), ("nsswitch.conf", "hosts: files dns\n"), ("hosts", "127.0.0.1 localhost\n")):
        Path(folder, name).write_text(text)
        subprocess.run(["mount", "--bind", f"{folder}/{name}", os.path.realpath(f"/etc/{name}")], check=True)


def run(file, inside):
    """The exit status of inside(), run in namespaces; the tests are skipped where there can be none. file: the test's own."""
    if os.environ.get(INSIDE):
        return inside()
    wrap = ["unshare", "-n", "-m"]
    why = None
    if os.geteuid() != 0 or not shutil.which("unshare") or not shutil.which("ip"):
        why = "needs root, unshare and ip"
    elif subprocess.run([*wrap, "sh", "-c", "ip link set lo up && mount --bind /etc/hosts /etc/hosts"], capture_output=True).returncode:
        why = "namespaces are not possible here"
    if why:
        print(f"1..0 # skip {why}")
        return 0
    return subprocess.run([*wrap, "sh", "-c", 'ip link set lo up && exec "$@"', "sh", sys.executable, file, *sys.argv[1:]],
                          env=dict(os.environ, **{INSIDE: "1"})).returncode
