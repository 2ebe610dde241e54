"""A user's waits are counted together, whatever is waited for."""

from datetime import timedelta
from typing import Any, cast

import pytest

from services.coordinator.bots.usecases import Bots
from services.kernel.errors import LimitReached
from services.kernel.quota import Quota


async def test_a_user_who_waits_for_a_sync_has_one_wait_less_for_meetings() -> None:
    quota = Quota(1, "waits")
    nothing: Any = cast("Any", None)
    bots = Bots(nothing, nothing, nothing, nothing, nothing, timedelta(seconds=1), quota)

    with (
        quota.taken_by("anna"),
        pytest.raises(LimitReached, match="anna has 1 waits here already"),
    ):
        await bots.create_tasks("anna", "", "", "Hello", strict=False)
