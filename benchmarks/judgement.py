"""How often a judge agrees with people: the labelled calls, the tuning half beside the held-out half."""

import argparse
import asyncio
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from services.analysis.adapters.rules import RulesJudge
from services.analysis.domain import Judgement
from services.analysis.playbook import Playbook
from services.analysis.ports import Judge
from services.analysis.purse import OwnPurse
from tests.unit.analysis_dialogues import Half, Labelled, clinic, dialogues

LANGUAGES = ("ru", "en")
FIELDS = ("call_type", "outcome", "sentiment", "objections")

Labels = frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A labelled dialogue and what a judge says of it."""

    labelled: Labelled
    judgement: Judgement

    def pair(self, field: str) -> tuple[Labels, Labels]:
        """Return what is wanted of a field and what was found, a single label as a set of one."""
        wanted = self.labelled.labels[field]
        found = getattr(self.judgement, field)
        if field == "objections":
            return frozenset(wanted), frozenset(each.kind for each in found)
        return frozenset((str(wanted),)), frozenset((found,))

    def checks(self) -> Iterator[bool]:
        """Yield for each item of the checklist that people labelled whether the judge agrees."""
        statuses = {each.item: each.status for each in self.judgement.checklist}
        for item, status in self.labelled.checklist.items():
            yield statuses[item] is status

    def facts(self) -> Iterator[bool]:
        """Yield whether the client's facts are those labelled, and each agreement was found."""
        if self.labelled.client_facts is not None:
            found = frozenset(each.kind for each in self.judgement.client_facts)
            yield found == self.labelled.client_facts
        for words in self.labelled.agreements:
            yield any(words in each.text for each in self.judgement.agreements)


async def main() -> None:
    """Print how the judge does on each half and language, and its figures a class."""
    options = _options()
    halves = [Half(options.half)] if options.half else list(Half)
    samples = [
        sample
        for sample in dialogues("earlier", "russian", "english", "later")
        if sample.half in halves
    ]
    judged = await judge_all(RulesJudge(), clinic(), samples)
    for half in halves:
        own = [each for each in judged if each.labelled.half is half]
        print(f"\n{half.value}: {len(own)} calls")
        _print_shares(own)
        for field in FIELDS:
            _print_classes(field, own)
        if options.mistakes and half is Half.TUNING:
            _print_mistakes(own)


async def judge_all(judge: Judge, playbook: Playbook, samples: Iterable[Labelled]) -> list[Judged]:
    """Judge dialogues one after the other."""
    return [
        Judged(
            labelled=each, judgement=await judge.judge(each.conversation, playbook, OwnPurse(None))
        )
        for each in samples
    ]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--half", choices=[half.value for half in Half])
    parser.add_argument("--mistakes", action="store_true", help="name those of the tuning half")
    return parser.parse_known_args()[0]


def _print_shares(judged: Sequence[Judged]) -> None:
    """Print in how many calls a field is exactly right, and how many labelled items agree."""
    print(f"{'':12}" + "".join(f"{column:>16}" for column in (*LANGUAGES, "all")))
    groups = [
        *([e for e in judged if e.labelled.conversation.language == each] for each in LANGUAGES),
        judged,
    ]
    rows: Mapping[str, list[list[bool]]] = {
        **{
            field: [
                [wanted == found for wanted, found in (e.pair(field) for e in group)]
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


def _print_classes(field: str, judged: Sequence[Judged]) -> None:
    hits, wrong, missed = Counter[str](), Counter[str](), Counter[str]()
    for each in judged:
        wanted, found = each.pair(field)
        hits.update(wanted & found)
        wrong.update(found - wanted)
        missed.update(wanted - found)
    print(f"\n{field:18} {'calls':>5} {'precision':>9} {'recall':>6} {'F1':>5}")
    for label in sorted(hits | wrong | missed):
        right = hits[label]
        precision = right / max(1, right + wrong[label])
        recall = right / max(1, right + missed[label])
        f1 = 2 * right / (2 * right + wrong[label] + missed[label])
        print(f"{label:18} {right + missed[label]:5} {precision:9.2f} {recall:6.2f} {f1:5.2f}")


def _print_mistakes(judged: Sequence[Judged]) -> None:
    print()
    for each in judged:
        statuses = {checked.item: checked.status for checked in each.judgement.checklist}
        wrong = [
            f"{field}: {'+'.join(sorted(wanted))} heard as {'+'.join(sorted(found))}"
            for field in FIELDS
            for wanted, found in [each.pair(field)]
            if wanted != found
        ] + [
            f"{item}: {status.value} heard as {statuses[item].value}"
            for item, status in each.labelled.checklist.items()
            if statuses[item] is not status
        ]
        if wrong:
            print(f"{each.labelled.name}: {'; '.join(wrong)}")


if __name__ == "__main__":
    asyncio.run(main())
