"""The demo's view of its samples."""

from deploy.local.demo import FOLDER, days_of
from deploy.local.place import CHECKOUT


def test_the_demo_runs_over_all_days_of_the_samples() -> None:
    days = days_of(CHECKOUT / FOLDER)
    manifest = (CHECKOUT / FOLDER / "calls.csv").read_text(encoding="utf-8")
    assert days.start_date < days.end_date
    assert days.start_date in manifest
    assert days.end_date in manifest
