from hypothesis import given
from hypothesis import strategies as st

from services.stage.adapters.job_queue import LAST, shares


def test_a_new_owner_starts_at_the_front_of_the_queue() -> None:
    flood = shares(None, None, [1] * 1000, 1)
    front = -flood[300]
    assert all(priority > flood[311] for priority in shares(front, None, [1] * 10, 1))


def test_an_owner_with_jobs_in_the_queue_goes_on_behind_them() -> None:
    first = shares(None, None, [1] * 10, 1)
    assert max(shares(-first[0], -first[-1], [1], 1)) < min(first)


def test_twice_the_weight_is_twice_the_share() -> None:
    light, heavy = shares(None, None, [1] * 10, 1), shares(None, None, [1] * 20, 2)
    assert light[-1] == heavy[-1]


@given(
    st.integers(0, LAST),
    st.integers(0, LAST),
    st.lists(st.integers(1, 100), max_size=50),
    st.integers(1, 100),
)
def test_priorities_of_one_owner_never_rise_and_fit_the_column(
    front: int, own: int, costs: list[int], weight: int
) -> None:
    priorities = shares(front, own, costs, weight)
    assert priorities == sorted(priorities, reverse=True)
    assert all(-LAST <= priority <= 0 for priority in priorities)
