"""Large worlds, the same again and again for the same seed."""

import random
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from deploy.sandbox.world import Call, Entity, Note, Recording, User, World

_FIRST_NOTE = 50_000_001
_USERS = tuple(User(user_id=940100 + n, name=f"Оператор {n + 1}") for n in range(20))
_MISSED = 0.15
_TWICE = 0.1
"""The shares of calls that were missed, and that hang on a lead and on its contact."""


def crowd(*, calls: int, first_day: date, days: int = 1, seed: int = 1) -> World:
    """Return a world of so many calls, spread over the working hours of `days` days.

    A tenth of them has two notes. Recordings are two seconds of noise, each another.
    """
    chance = random.Random(seed)  # noqa: S311 - the same again and again
    world = World(users=_USERS)
    opens = datetime.combine(first_day, time(8), ZoneInfo(world.time_zone)).astimezone(UTC)
    made: list[Call] = []
    note_id = _FIRST_NOTE
    for number in range(calls):
        moment = timedelta(days=number * days // calls, seconds=chance.randrange(12 * 3600))
        entities = chance.sample(list(Entity)[:3], 2 if chance.random() < _TWICE else 1)
        notes = tuple(
            Note(
                note_id=note_id + index,
                entity=entity,
                entity_id=26_000_000 + chance.randrange(1_000_000),
                created_at=opens + moment,
                updated_at=opens + moment + timedelta(minutes=1),
                uniq=f"pbx-{seed}-{number}",
            )
            for index, entity in enumerate(entities)
        )
        note_id += len(notes)
        missed = chance.random() < _MISSED
        made.append(
            Call(
                incoming=chance.random() < 0.7,  # noqa: PLR2004
                duration_seconds=0 if missed else chance.randrange(5, 600),
                phone=f"+7999{number:07d}",
                user_id=chance.choice(_USERS).user_id,
                notes=notes,
                recording=None if missed else Recording(seed=number),
            )
        )
    return World(users=_USERS, calls=tuple(made))
