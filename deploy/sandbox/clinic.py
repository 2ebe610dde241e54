"""The world of the demo: the sample calls, and what people meet in a real account."""

from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from deploy.sandbox.world import Call, Entity, Manner, Note, Quirk, Recording, User, World

SAMPLES = Path(__file__).resolve().parents[1] / "samples"

ANNA = User(user_id=940001, name="Анна")
ELENA = User(user_id=940002, name="Елена")

_ZONE = ZoneInfo("Europe/Moscow")
_EDITED_AFTER = timedelta(minutes=3)


def clinic() -> World:
    """Return the samples as calls of an account, one of them missed and one damaged.

    The first hangs on a lead and on its contact; the second is not ready when it is first asked for; the one in the
    afternoon lies behind redirects, and its note keeps what it knows in a string.
    """
    return World(
        users=(ANNA, ELENA),
        calls=(
            Call(
                incoming=True,
                duration_seconds=63,
                phone="+70000000001",
                user_id=ANNA.user_id,
                notes=(
                    _note(42709301, Entity.LEADS, "2026-11-02T10:05:00", uniq="pbx-1"),
                    _note(42709302, Entity.CONTACTS, "2026-11-02T10:05:00", uniq="pbx-1"),
                ),
                recording=_sample("call1_booking"),
            ),
            Call(
                incoming=True,
                duration_seconds=56,
                phone="+70000000002",
                user_id=ELENA.user_id,
                notes=(_note(42709303, Entity.LEADS, "2026-11-02T11:40:00", uniq="pbx-2"),),
                recording=_sample("call2_price_objection", Manner.ACCEPTED, tries=1),
            ),
            Call(
                incoming=True,
                duration_seconds=0,
                phone="+70000000003",
                user_id=ANNA.user_id,
                notes=(_note(42709304, Entity.CONTACTS, "2026-11-03T09:15:00", uniq="pbx-3"),),
                call_status=6,
            ),
            Call(
                incoming=True,
                duration_seconds=19,
                phone="+70000000004",
                user_id=ANNA.user_id,
                notes=(
                    _note(
                        42709305,
                        Entity.CONTACTS,
                        "2026-11-03T15:30:00",
                        uniq="pbx-4",
                        quirks=frozenset({Quirk.PARAMS_AS_STRING, Quirk.NUMBERS_AS_STRINGS}),
                    ),
                ),
                recording=_sample("call4_wrong_number", Manner.REDIRECTED),
            ),
            Call(
                incoming=False,
                duration_seconds=30,
                phone="+70000000005",
                user_id=ELENA.user_id,
                notes=(_note(42709306, Entity.COMPANIES, "2026-11-04T12:00:00", uniq="pbx-5"),),
                recording=_sample("call5_damaged"),
            ),
        ),
    )


def _note(
    note_id: int, entity: Entity, at: str, *, uniq: str, quirks: frozenset[Quirk] = frozenset()
) -> Note:
    created_at = datetime.fromisoformat(at).replace(tzinfo=_ZONE)
    return Note(
        note_id=note_id,
        entity=entity,
        entity_id=note_id % 1000 + 26050000,
        created_at=created_at,
        updated_at=created_at + _EDITED_AFTER,
        uniq=uniq,
        quirks=quirks,
    )


def _sample(name: str, manner: Manner = Manner.PLAIN, tries: int | None = None) -> Recording:
    return Recording(file=SAMPLES / f"{name}.wav", manner=manner, tries=tries)
