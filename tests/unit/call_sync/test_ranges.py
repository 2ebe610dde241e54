"""The header `range`."""

import contextlib
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.call_sync.hearing.domain import BehindTheEnd, extent_of

SIZES = st.integers(1, 10**12)


@given(st.binary(min_size=1, max_size=200), st.data())
def test_any_sequence_of_ranges_put_together_is_the_whole(
    whole: bytes, data: st.DataObject
) -> None:
    cuts = data.draw(st.lists(st.integers(1, len(whole)), unique=True).map(sorted))
    bounds = [0, *cuts, len(whole)]
    said = b""
    for first, end in pairwise(bounds):
        if first < end:
            last = (
                data.draw(st.sampled_from([str(end - 1), str(end + 99), ""]))
                if end == len(whole)
                else end - 1
            )
            extent = extent_of(f"bytes={first}-{last}", len(whole))
            assert extent is not None
            said += whole[extent.first : extent.end]
    assert said == whole


@given(st.text(max_size=40) | st.from_regex(r"bytes=[0-9,\- ]*", fullmatch=True), SIZES)
def test_whatever_is_asked_lies_within_the_whole(asked: str, size: int) -> None:
    extent = None
    with contextlib.suppress(BehindTheEnd):
        extent = extent_of(asked, size)
    assert extent is None or 0 <= extent.first < extent.end <= size


@pytest.mark.parametrize(
    "asked", ["", "bytes=", "bytes=1-2,4-5", "bytes=5-4", "items=0-1", "bytes=-"]
)
def test_what_is_no_single_range_is_the_whole(asked: str) -> None:
    assert extent_of(asked, 100) is None


@pytest.mark.parametrize("asked", ["bytes=100-", "bytes=-0"])
def test_behind_the_end(asked: str) -> None:
    with pytest.raises(BehindTheEnd):
        extent_of(asked, 100)
