"""How often a judge agrees with people: the labelled calls, those it was tuned on beside the others.

What is measured is what would be stored: with what the transcript does not bear out taken away.
"""

import argparse
import asyncio
import contextlib
import hashlib
import json
import statistics
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from pydantic import ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from services.analysis.calls.adapters.model.judge import ModelJudge
from services.analysis.calls.adapters.rules.judge import RulesJudge
from services.analysis.calls.analyse import analyse
from services.analysis.calls.domain import ItemStatus, Judgement
from services.analysis.calls.ports import Judge
from services.analysis.playbooks.domain import Playbook
from services.kernel.faults import fault_sentence
from services.llm.budget import OwnBudget
from services.llm.domain import NOTHING_USED, ModelUnavailable, NoAnswer, Usage
from services.llm.openai_model import open_model
from services.llm.settings import ModelSettings
from tests.builders.analysis import clinic, said
from tests.labelled_dialogues import Labelled, Portion, dialogues

PART_CHARACTERS = 60_000
ATTEMPTS = 2
PAUSE = timedelta(seconds=5)
GIVE_UP_AFTER = 5
UNREACHED = "not reached"
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
    "wide_russian",
    "wide_english",
    "lastword",
)
FIELDS = ("call_type", "outcome", "sentiment", "objections")

Labels = frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedDialogue:
    """A labelled dialogue and what is stored of what a judge says of it.

    The judgement is None where it has no usable answer, which counts as wrong; `failure` is the kind of that.
    """

    labelled: Labelled
    judgement: Judgement | None
    failure: str = ""
    usage: Usage = NOTHING_USED
    seconds: float = 0.0

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
        async with _judge(options) as judge:
            await _print_bookings(judge, options.folder, shown=options.dialogues)
        return
    portions = [Portion(options.portion)] if options.portion else list(Portion)
    by_file = {
        file: [sample for sample in dialogues(file) if sample.portion in portions] for file in FILES
    }
    samples = [sample for file in FILES for sample in by_file[file]]
    samples = samples[:: options.every][: options.limit]
    async with _judge(options) as judge:
        begun = time.monotonic()
        try:
            judged = await judge_all(judge, clinic(), samples, options.at_once)
        except ModelUnavailable as error:
            raise SystemExit(
                f"{error}: see that the model is there, and its name and key"
            ) from None
    _print_asked(judge, judged, time.monotonic() - begun)
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
    judge: Judge, playbook: Playbook, samples: Sequence[Labelled], at_once: int = 1
) -> list[JudgedDialogue]:
    """Judge dialogues, so many at once; says on stderr how far it is.

    Raises ModelUnavailable where the judge answered none of the first `GIVE_UP_AFTER`.
    """
    places = asyncio.Semaphore(at_once)
    ended: list[JudgedDialogue] = []

    async def judged(sample: Labelled) -> JudgedDialogue:
        async with places:
            result = await _judged(judge, playbook, sample)
        ended.append(result)
        if judge.name == "model":
            why = f": {result.failure}" if result.failure else ""
            told = f"{len(ended)}/{len(samples)} {sample.name}, {result.seconds:.1f} s{why}"
            print(told, file=sys.stderr, flush=True)
        if len(ended) == GIVE_UP_AFTER and all(each.failure == UNREACHED for each in ended):
            raise ModelUnavailable(f"nothing came of the first {GIVE_UP_AFTER} calls")
        return result

    return await asyncio.gather(*map(judged, samples))


async def _judged(judge: Judge, playbook: Playbook, sample: Labelled) -> JudgedDialogue:
    """Judge a dialogue; where the model does not answer now, it is asked again."""
    budget, begun = OwnBudget(None), time.monotonic()
    judgement, failure = None, ""
    for attempt in range(1, ATTEMPTS + 1):
        try:
            analysis = await analyse(sample.conversation, playbook, judge, budget)
            judgement, failure = analysis.judgement, ""
            break
        except NoAnswer as error:
            failure = type(error).__name__
            print(f"{sample.name}: {error}", file=sys.stderr)
            break
        except ModelUnavailable as error:
            failure = UNREACHED
            print(f"{sample.name}: {error}", file=sys.stderr)
            if attempt < ATTEMPTS:
                await asyncio.sleep((error.retry_after or PAUSE).total_seconds())
    return JudgedDialogue(
        labelled=sample,
        judgement=judgement,
        failure=failure,
        usage=budget.usage,
        seconds=time.monotonic() - begun,
    )


class _Settings(BaseSettings):
    """The language model, by the settings that analysis has."""

    model_config = SettingsConfigDict(
        env_prefix="POTOK_ANALYSIS_", env_nested_delimiter="_", env_nested_max_split=1
    )

    model: ModelSettings


@contextlib.asynccontextmanager
async def _judge(options: argparse.Namespace) -> AsyncIterator[Judge]:
    if options.judge == "rules":
        yield RulesJudge()
        return
    async with open_model(_model_settings(options), "POTOK_ANALYSIS_MODEL_") as model:
        yield ModelJudge(model, part_characters=PART_CHARACTERS)


def _model_settings(options: argparse.Namespace) -> ModelSettings:
    """Return the settings of the model, those of the environment with the options over them; ends where one is wrong."""
    key = options.key_file.read_text(encoding="utf-8").strip() if options.key_file else None
    given = {"url": options.url, "name": options.model_name, "api_key": key}
    try:
        return _Settings(model={name: told for name, told in given.items() if told}).model
    except ValidationError as error:
        faults = ", ".join(
            f"{'.'.join(map(str, fault['loc']))} {fault_sentence(fault['msg'])}"
            for fault in error.errors(include_url=False)
        )
        raise SystemExit(
            f"{faults}: name the model by --url and --model-name, or by POTOK_ANALYSIS_MODEL_URL and _NAME"
        ) from None


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--judge", choices=["rules", "model"], default="rules")
    parser.add_argument("--url", help="where the model is, as in http://127.0.0.1:8080/v1")
    parser.add_argument("--model-name", help="the model, as that calls it")
    parser.add_argument("--key-file", type=Path, help="the file with the key that opens it")
    parser.add_argument(
        "--at-once", type=int, default=4, help="calls that a model is asked at a time"
    )
    parser.add_argument("--every", type=int, default=1, help="judge each so manieth call only")
    parser.add_argument("--limit", type=int, help="judge at most so many calls")
    parser.add_argument("--portion", choices=[portion.value for portion in Portion])
    parser.add_argument("--mistakes", action="store_true", help="name those of the tuning half")
    parser.add_argument("--dialogues", action="store_true", help="print what was said in them, too")
    parser.add_argument(
        "--folder", type=Path, help="measure bookings on public dialogues, a JSON file each"
    )
    return parser.parse_known_args()[0]


def _print_asked(judge: Judge, judged: Sequence[JudgedDialogue], seconds: float) -> None:
    """Print who judged, how many answers were usable, and what they took."""
    failures = Counter(each.failure for each in judged if each.failure)
    told = (
        f" ({', '.join(f'{count} {kind}' for kind, count in failures.items())})" if failures else ""
    )
    print(f"judge: {judge.name} {judge.version}, playbook {clinic().hash[:12]}")
    print(f"calls: {len(judged)}, without a usable answer: {failures.total()}{told}")
    usage = sum((each.usage for each in judged), NOTHING_USED)
    if not usage.requests:
        return
    prompt, answered = usage.prompt_tokens / len(judged), usage.completion_tokens / len(judged)
    print(f"requests: {usage.requests}, tokens a call: {prompt:.0f} told, {answered:.0f} answered")
    if usage.cost:
        each = usage.cost.amount / len(judged)
        print(f"cost: {usage.cost.amount:.4g} {usage.cost.currency}, {each:.4g} a call")
    times = sorted(each.seconds for each in judged)
    slow = times[int(0.95 * (len(times) - 1))]
    print(
        f"seconds: {seconds:.0f}; a call {statistics.median(times):.1f}, 95 of 100 within {slow:.1f}"
    )


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
    """Print in how many calls of each file and portion a field is exactly right, and of how many items the status."""
    print(f"\n{'file, portion':28}" + "".join(f"{field:>14}" for field in (*FIELDS, "checklist")))
    for file, samples in by_file.items():
        names = {sample.name for sample in samples}
        for portion in Portion:
            own = [e for e in judged if e.labelled.name in names and e.labelled.portion is portion]
            if own:
                cells = [_share([g == f for g, f in (e.pair(x) for e in own)]) for x in FIELDS]
                cells.append(_share([right for each in own for right in each.checks()]))
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
