"""What others on the machine can learn of a system that runs: nothing, of its memory or of its files."""

import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from deploy.local.environment import plain
from deploy.local.services import SERVICES
from deploy.local.settings import GATEWAY
from tests.waiting import until
from tests.whole_system import free_places, whole_system

FOREIGN = {"AWS_SECRET_ACCESS_KEY": "of-s3", "OTHER_PROGRAMS_PASSWORD": "of-nobody-here"}


def descendants(pid: int) -> Iterator[int]:
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in map(int, (task / "children").read_text().split()):
            yield child
            yield from descendants(child)


def environment_of(pid: int) -> dict[str, str]:
    told = Path(f"/proc/{pid}/environ").read_bytes().decode().split("\0")
    return {name: value for name, _, value in (each.partition("=") for each in told) if name}


def part_of(pid: int) -> str:
    """Return which part of the system a process is."""
    words = Path(f"/proc/{pid}/cmdline").read_bytes().decode().replace("\0", " ")
    known = (*SERVICES, "deploy.sandbox", "envoy", "postgres")
    return next((part for part in known if part in words), words)


async def test_each_program_knows_its_own_settings_and_its_files_are_its_own(
    postgres_home: Path,
) -> None:
    home = postgres_home / f"private-{os.getpid()}"
    old = home / "meetings" / "old.ogg"
    old.parent.mkdir(parents=True)
    old.write_bytes(b"a recording of a time when the mask was another")
    old.parent.chmod(0o755)
    listens = free_places()
    async with whole_system(home, listens, FOREIGN) as system:
        pids = list(descendants(system.supervisor.pid))
        await until(lambda: all(part_of(pid)[:4] != "env " for pid in pids), "all have begun")
        told = {pid: environment_of(pid) for pid in pids}
        assert stat.S_IMODE(home.stat().st_mode) & 0o066 == 0
        files = [each for each in home.rglob("*") if not each.is_symlink()]
        open_to_others = [
            each
            for each in files
            if stat.S_IMODE(each.lstat().st_mode) & 0o077
            and each != old  # its folder is closed
            and not each.is_relative_to(home / "data")
            and not stat.S_ISSOCK(each.lstat().st_mode)
        ]

    listeners = {name for environment in told.values() for name in environment}
    assert {f"POTOK_{service.upper()}_LISTEN" for service in SERVICES} <= listeners
    for pid, environment in told.items():
        parts = {
            part
            for part in (*SERVICES, GATEWAY, "sandbox")
            if any(name.startswith(f"POTOK_{part.upper()}_") for name in environment)
        }
        assert len(parts) <= 1, (pid, parts)
        assert "OTHER_PROGRAMS_PASSWORD" not in environment
        if not parts & {*SERVICES}:
            assert "AWS_SECRET_ACCESS_KEY" not in environment
            assert "postgresql://" not in json.dumps(environment)
    assert not open_to_others


def test_plain_variables_hold_no_settings() -> None:
    given = {"PATH": "/bin", "LC_ALL": "C", "POTOK_X": "1", "DATABASE_URL": "2", "HTTPS_PROXY": "3"}
    assert plain(given) == {"PATH": "/bin", "LC_ALL": "C"}
