"""Pages of runs, apart from their rows."""

from typing import Any, cast

import pytest

from services.coordinator.runs.usecases import Runs
from services.kernel.errors import InvalidInput
from services.kernel.paging import page_token


@pytest.mark.parametrize("run_id", ["run-1", 7])
async def test_a_token_without_the_id_of_a_run_is_refused(run_id: str | int) -> None:
    nothing = cast("Any", None)
    token = page_token("ListRuns clinic", ["2026-11-02T12:00:00+00:00", run_id])

    with pytest.raises(InvalidInput, match="page_token"):
        await Runs(nothing, nothing, nothing).list_runs("clinic", 20, token)
