"""Builds the wheel of the switchboard from what cargo has built for the tests."""

import os
import pathlib
import subprocess
import tempfile

PACKAGE = pathlib.Path(__file__).resolve().parents[2] / "core/switchboard"
TIMEOUT = 300


def switchboard_wheel(target, place):
    """Writes the wheel into the folder `place` and returns its path.

    maturin moves the program that it packs away and back again, and tests that run beside it would find none. So that
    program is a copy: cargo builds in `target` and leaves what it has built in a folder of its own. A cargo before 1.91
    has no such folder, and builds all of it again.
    """
    with tempfile.TemporaryDirectory(dir=target) as folder:
        # A development profile: the release's takes a minute.
        words = [target / "py/venv/bin/maturin", "build", "--quiet", "--manifest-path", PACKAGE / "Cargo.toml"]
        words += ["--profile", "dev", "--target-dir", folder, "--out", place]
        env = os.environ | {"CARGO_BUILD_BUILD_DIR": str(target)}
        done = subprocess.run(words, env=env, capture_output=True, text=True, timeout=TIMEOUT, check=False)
    if done.returncode:
        raise RuntimeError(f"maturin: {done.returncode}: {done.stderr[-500:]} {done.stdout[-500:]}")
    return next(pathlib.Path(place).glob("*.whl"))
