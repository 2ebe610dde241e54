"""The demo's view of its world."""

from zoneinfo import ZoneInfo

from deploy.local.demo import DAYS, TIME_ZONE
from deploy.sandbox.clinic import clinic


def test_the_demo_runs_over_all_days_of_its_world() -> None:
    zone = ZoneInfo(TIME_ZONE)
    days = sorted(note.created_at.astimezone(zone).date() for _, note in clinic().notes())

    assert (f"{days[0]}", f"{days[-1]}") == DAYS


def test_the_recordings_of_the_demo_are_there() -> None:
    files = [call.recording.file for call in clinic().calls if call.recording]

    assert len(files) == 4
    assert all(file and file.is_file() for file in files)
