"""Other people's packages, at the versions of the lock files, in `target/interop`. Installed when first needed."""

import functools
import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

from harness import HERE, Skip, needs

PLACE = HERE.parents[1] / "target/interop"
INSTALL = 300
MISSING = {}


@functools.cache
def python():
    """A Python that has what `requirements.txt` says."""
    venv, wanted = PLACE / "venv", HERE / "requirements.txt"
    program = venv / "bin/python"

    def install():
        command([sys.executable, "-m", "venv", "--clear", venv])
        command([program, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", wanted])

    install_once(venv, [wanted], install)
    return program


def node(script, modules=True):
    """The command that runs a script of ours, with what `package.json` says if it needs that."""
    needs("node", ["node", "--version"])
    path = [f"NODE_PATH={node_modules()}"] if modules else []
    return "env", *path, "node", HERE / "node" / script


@functools.cache
def node_modules():
    place, wanted = PLACE / "node", [HERE / "package.json", HERE / "package-lock.json"]

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
    if place in MISSING:  # once is enough where there is no network
        raise MISSING[place]
    try:
        install()
    except Skip as reason:
        MISSING[place] = reason
        raise
    stamp.write_text(digest)


def command(parts):
    try:
        subprocess.run([str(part) for part in parts], check=True, capture_output=True, timeout=INSTALL)
    except (OSError, subprocess.SubprocessError) as error:
        raise Skip(f"cannot be installed: {Path(str(parts[0])).name} failed") from error
