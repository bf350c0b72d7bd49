"""The build backend maturin, with a check for Rust before a wheel is built.

If Rust is missing or too old, the backend's last output says what a build from source needs; `pip` shows it.
"""

import os
import re
import shutil
import subprocess
import tomllib
from collections.abc import Mapping
from pathlib import Path

import maturin

HOME = Path(__file__).resolve().parents[1]

build_sdist = maturin.build_sdist
build_wheel = maturin.build_wheel
build_editable = maturin.build_editable
prepare_metadata_for_build_wheel = maturin.prepare_metadata_for_build_wheel
prepare_metadata_for_build_editable = maturin.prepare_metadata_for_build_editable
get_requires_for_build_sdist = maturin.get_requires_for_build_sdist


def get_requires_for_build_wheel(config_settings: Mapping[str, object] | None = None) -> list[str]:
    """Checks for Rust, and returns the packages that a build of a wheel needs: none.

    `pip` calls this before the build. SystemExit is raised if Rust is missing or too old.
    """
    look_for_rust()
    return []


get_requires_for_build_editable = get_requires_for_build_wheel


def look_for_rust() -> None:
    """Raises SystemExit with advice if Rust is missing or too old for switchover."""
    oldest, found = oldest_rust(), rust()
    if found is None or number(found) < number(oldest):
        here = f"there is {found}" if found else "there is none"
        raise SystemExit(
            f"switchover is built from source here, which needs Rust {oldest} or later with its cargo; {here}. "
            "Install Rust, or take a system that there is a wheel for (pip install --only-binary :all: switchover)."
        )


def oldest_rust() -> str:
    """Returns the oldest supported version of Rust, from the workspace's Cargo.toml."""
    for folder in (HOME, HOME.parent):
        manifest = folder / "Cargo.toml"
        workspace = tomllib.loads(manifest.read_text()).get("workspace") if manifest.exists() else None
        if workspace:
            return str(workspace["package"]["rust-version"])
    raise SystemExit("the Cargo.toml of the workspace is missing")


def rust() -> str | None:
    """Returns rustc's version, MAJOR.MINOR; None if it gives none or cargo is missing."""
    if not shutil.which(os.environ.get("CARGO", "cargo")):
        return None
    try:
        said = subprocess.run(
            [os.environ.get("RUSTC", "rustc"), "--version"], capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    found = re.match(r"rustc ([0-9]+\.[0-9]+)", said.stdout)
    return found.group(1) if found else None


def number(version: str) -> tuple[int, ...]:
    """Converts a version such as `1.88` to a tuple of integers, for comparison."""
    return tuple(int(part) for part in version.split("."))
