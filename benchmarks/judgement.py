"""How often a judge agrees with people: the labelled calls, those it was tuned on beside the others."""

import argparse
import asyncio
import contextlib
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

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
from tests.builders.analysis import clinic
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
    """Print how the judge does on each portion and language, and its figures for each class."""
    options = _options()
    portions = [Portion(options.portion)] if options.portion else list(Portion)
    samples = [sample for sample in dialogues(*FILES) if sample.portion in portions]
    async with _judge(options.judge) as judge:
        judged = await judge_all(judge, clinic(), samples[:: options.every])
    for portion in portions:
        own = [each for each in judged if each.labelled.portion is portion]
        print(f"\n{portion.value}: {len(own)} calls")
        _print_shares(own)
        for field in FIELDS:
            _print_classes(field, own)
        if options.mistakes and portion is Portion.TUNING:
            _print_mistakes(own)


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


def _print_mistakes(judged: Sequence[JudgedDialogue]) -> None:
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


if __name__ == "__main__":
    asyncio.run(main())
