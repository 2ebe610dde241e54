"""How often a judge agrees with people: the labelled calls, those it was tuned on beside the others."""

import argparse
import asyncio
import contextlib
import hashlib
import json
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic_settings import BaseSettings, SettingsConfigDict

from services.analysis.calls.adapters.model.judge import ModelJudge
from services.analysis.calls.adapters.rules.judge import RulesJudge
from services.analysis.calls.domain import ItemStatus, Judgement
from services.analysis.calls.ports import Judge
from services.analysis.playbooks.domain import Playbook
from services.llm.budget import OwnBudget
from services.llm.domain import ModelUnavailable, NoAnswer
from services.llm.openai_model import open_model
from services.llm.settings import ModelSettings
from tests.builders.analysis import clinic, said
from tests.labelled_dialogues import Labelled, Portion, dialogues

PART_CHARACTERS = 60_000
LANGUAGES = ("ru", "en")
FILES = (
    "earlier",
    "russian",
    "english",
    "later",
    "last",
    "trades",
    "heard",
    "english_trades",
)
FIELDS = ("call_type", "outcome", "sentiment", "objections")

Labels = frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedDialogue:
    """A labelled dialogue and what a judge says of it; None where that is not usable, which counts as wrong."""

    labelled: Labelled
    judgement: Judgement | None

    def pair(self, field: str) -> tuple[Labels, Labels]:
        """Return the labels that people gave a field and those that the judge found, a single one as a set."""
        given = self.labelled.labels[field]
        found = getattr(self.judgement, field, None)
        if field == "objections":
            kinds = ("no answer",) if found is None else (each.kind for each in found)
            return frozenset(given), frozenset(kinds)
        return frozenset((str(given),)), frozenset((found or "no answer",))

    def statuses(self) -> Mapping[str, ItemStatus]:
        """Return the status of each item of the checklist by its name."""
        return (
            {each.item: each.status for each in self.judgement.checklist} if self.judgement else {}
        )

    def checks(self) -> Iterator[bool]:
        """Yield for each item of the checklist that people labelled whether the judge agrees."""
        statuses = self.statuses()
        for item, status in self.labelled.checklist.items():
            yield statuses.get(item) is status

    def facts(self) -> Iterator[bool]:
        """Yield whether the client's facts are those labelled, and each agreement was found."""
        if self.labelled.client_facts is not None:
            facts = self.judgement.client_facts if self.judgement else ()
            yield frozenset(each.kind for each in facts) == self.labelled.client_facts
        agreements = self.judgement.agreements if self.judgement else ()
        for words in self.labelled.agreements:
            yield any(each.quote is not None and words in each.quote.text for each in agreements)


async def main() -> None:
    """Print how the judge does on each portion, file and language, and its figures for each class."""
    options = _options()
    if options.folder:
        async with _judge(options.judge) as judge:
            await _print_bookings(judge, options.folder, shown=options.dialogues)
        return
    portions = [Portion(options.portion)] if options.portion else list(Portion)
    by_file = {
        file: [sample for sample in dialogues(file) if sample.portion in portions] for file in FILES
    }
    samples = [sample for file in FILES for sample in by_file[file]]
    async with _judge(options.judge) as judge:
        judged = await judge_all(judge, clinic(), samples[:: options.every])
    _print_files(by_file, judged)
    for portion in portions:
        own = [each for each in judged if each.labelled.portion is portion]
        print(f"\n{portion.value}: {len(own)} calls")
        _print_shares(own)
        for field in FIELDS:
            _print_classes(field, own)
        if options.mistakes and portion is Portion.TUNING:
            _print_mistakes(own, with_dialogues=options.dialogues)


async def judge_all(
    judge: Judge, playbook: Playbook, samples: Iterable[Labelled]
) -> list[JudgedDialogue]:
    """Judge dialogues one after the other."""
    judged = []
    for each in samples:
        judgement = None
        try:
            judgement = await judge.judge(each.conversation, playbook, OwnBudget(None))
        except (NoAnswer, ModelUnavailable) as error:
            print(f"{each.name}: {type(error).__name__}: {error}", file=sys.stderr)
        judged.append(JudgedDialogue(labelled=each, judgement=judgement))
    return judged


class _Settings(BaseSettings):
    """The language model, by the settings that analysis has."""

    model_config = SettingsConfigDict(
        env_prefix="POTOK_ANALYSIS_", env_nested_delimiter="_", env_nested_max_split=1
    )

    model: ModelSettings


@contextlib.asynccontextmanager
async def _judge(name: str) -> AsyncIterator[Judge]:
    if name == "rules":
        yield RulesJudge()
        return
    settings = _Settings()
    async with open_model(settings.model, "POTOK_ANALYSIS_MODEL_") as model:
        yield ModelJudge(model, part_characters=PART_CHARACTERS)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--judge", choices=["rules", "model"], default="rules")
    parser.add_argument("--every", type=int, default=1, help="judge each so manieth call only")
    parser.add_argument("--portion", choices=[portion.value for portion in Portion])
    parser.add_argument("--mistakes", action="store_true", help="name those of the tuning half")
    parser.add_argument("--dialogues", action="store_true", help="print what was said in them, too")
    parser.add_argument(
        "--folder", type=Path, help="measure bookings on public dialogues, a JSON file each"
    )
    return parser.parse_known_args()[0]


def _print_shares(judged: Sequence[JudgedDialogue]) -> None:
    """Print in how many calls a field is exactly right, and how many labelled items agree."""
    print(f"{'':12}" + "".join(f"{column:>16}" for column in (*LANGUAGES, "all")))
    groups = [
        *([e for e in judged if e.labelled.conversation.language == each] for each in LANGUAGES),
        judged,
    ]
    rows: Mapping[str, list[list[bool]]] = {
        **{
            field: [
                [given == found for given, found in (e.pair(field) for e in group)]
                for group in groups
            ]
            for field in FIELDS
        },
        "checklist": [[ok for e in group for ok in e.checks()] for group in groups],
        "facts": [[ok for e in group for ok in e.facts()] for group in groups],
    }
    for name, cells in rows.items():
        print(f"{name:12}" + "".join(f"{_share(cell):>16}" for cell in cells))


def _share(right: Sequence[bool]) -> str:
    return f"{sum(right)}/{len(right)} {sum(right) / len(right):4.0%}" if right else "-"


def _print_classes(field: str, judged: Sequence[JudgedDialogue]) -> None:
    hits, wrong, missed = Counter[str](), Counter[str](), Counter[str]()
    for each in judged:
        given, found = each.pair(field)
        hits.update(given & found)
        wrong.update(found - given)
        missed.update(given - found)
    print(f"\n{field:18} {'calls':>5} {'precision':>9} {'recall':>6} {'F1':>5}")
    for label in sorted(hits | wrong | missed):
        right = hits[label]
        precision = right / max(1, right + wrong[label])
        recall = right / max(1, right + missed[label])
        f1 = 2 * right / (2 * right + wrong[label] + missed[label])
        print(f"{label:18} {right + missed[label]:5} {precision:9.2f} {recall:6.2f} {f1:5.2f}")


async def _print_bookings(judge: Judge, folder: Path, *, shown: bool) -> None:
    """Print how many dialogues of a folder are judged booked, by what their corpus says of them.

    Each file has `service`, `label` (`booked`, `failed`: it was tried and did not work, or
    `search_only`) and `turns` with `speaker` and `text`. The half of the files that a hash of their
    names makes the tuning half may be read with --dialogues.
    """
    counts, booked = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    for path in sorted(folder.glob("*.json")):  # noqa: ASYNC240  # nothing else runs
        entry = json.loads(path.read_text(encoding="utf-8"))
        lines = [f"{turn['speaker'][0].upper()}: {turn['text']}" for turn in entry["turns"]]
        judgement = await judge.judge(said(*lines, language="en"), clinic(), OwnBudget(None))
        is_booked = judgement.outcome == "booked"
        for group in ("all", entry["service"]):
            counts[group, entry["label"]] += 1
            booked[group, entry["label"]] += is_booked
        tuning = hashlib.sha256(path.stem.encode()).digest()[0] % 2 == 1
        if shown and tuning and is_booked != (entry["label"] == "booked"):
            print(
                f"\n{path.stem}, {entry['label']}: heard as {judgement.outcome}", *lines, sep="\n"
            )
    print(f"{'called booked, of those that are':34}{'booked':>12}{'failed':>12}{'search_only':>14}")
    for group in sorted({group for group, _ in counts}):
        cells = [
            f"{booked[group, label]}/{counts[group, label]}"
            for label in ("booked", "failed", "search_only")
        ]
        print(f"{group:34}{cells[0]:>12}{cells[1]:>12}{cells[2]:>14}")


def _print_files(
    by_file: Mapping[str, Sequence[Labelled]], judged: Sequence[JudgedDialogue]
) -> None:
    """Print in how many calls of each file and portion a field is exactly right."""
    print(f"\n{'file, portion':28}" + "".join(f"{field:>14}" for field in FIELDS))
    for file, samples in by_file.items():
        names = {sample.name for sample in samples}
        for portion in Portion:
            own = [e for e in judged if e.labelled.name in names and e.labelled.portion is portion]
            if own:
                cells = [_share([g == f for g, f in (e.pair(x) for e in own)]) for x in FIELDS]
                print(f"{file}, {portion.value:12}".ljust(28) + "".join(f"{c:>14}" for c in cells))


def _print_mistakes(judged: Sequence[JudgedDialogue], *, with_dialogues: bool) -> None:
    print()
    for each in judged:
        statuses = each.statuses()
        wrong = [
            f"{field}: {'+'.join(sorted(given))} heard as {'+'.join(sorted(found))}"
            for field in FIELDS
            for given, found in [each.pair(field)]
            if given != found
        ] + [
            f"{item}: {status.value} heard as {found.value if found else found}"
            for item, status in each.labelled.checklist.items()
            for found in [statuses.get(item)]
            if found is not status
        ]
        if wrong:
            print(f"{each.labelled.name}: {'; '.join(wrong)}")
            if with_dialogues:
                for turn in each.labelled.conversation.turns:
                    print(f"    {turn.speaker.value}: {turn.text}")


if __name__ == "__main__":
    asyncio.run(main())
