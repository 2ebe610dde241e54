"""A judge that is a language model: it reads the transcript, and answers in the playbook's words."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import BaseModel

from services.analysis.budget.ports import Budget
from services.analysis.calls.adapters.model.answer import Noted, judgement_of, shape_for
from services.analysis.calls.adapters.model.prompt import (
    PROMPT_VERSION,
    about_lines,
    judge_messages,
    line_of,
    note_messages,
)
from services.analysis.calls.domain import Conversation, Judgement, Turn
from services.analysis.playbooks.domain import Playbook
from services.llm.domain import prompt_characters
from services.llm.ports import LanguageModel
from services.llm.transcripts import chunks
from services.status.domain import Cost

CHARACTERS_PER_MINUTE = 1500
"""More than people say in a minute of a call, with the numbers of their turns and the marks in them."""
ABOUT_CHARACTERS = 400
"""More than what is known of a call beside its words."""
MAX_PLAYBOOKS_READY = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ready:
    """What is made of a playbook once: the shape of answers, and the length of all but a transcript."""

    shape: type[BaseModel]
    frame: int


class ModelJudge:
    """Implements Judge. A call longer than `part_characters` is read in chunks of that length.

    The model picks the turns that matter of each chunk, and then judges the call by those: their
    words stay the transcript's, so that quotes can be checked as in a short call.
    """

    name = "model"

    def __init__(self, model: LanguageModel, part_characters: int) -> None:
        self._model = model
        self._part_characters = part_characters
        self._ready: dict[str, _Ready] = {}

    @property
    def version(self) -> str:
        return f"{PROMPT_VERSION}/{self._model.name}"

    async def judge(
        self, conversation: Conversation, playbook: Playbook, budget: Budget
    ) -> Judgement:
        turns: Sequence[Turn] = conversation.turns
        notes: list[str] = []
        transcript = list(chunks(turns, self._part_characters, line_of))
        if len(transcript) > 1:
            turns, notes = await self._pick(conversation, playbook, transcript, budget)
        language = playbook.language_for(conversation.language)
        messages = judge_messages(playbook, language, about_lines(conversation), turns, notes)
        answer = await budget.ask(self._model, messages, self._prepare(playbook).shape)
        return judgement_of(answer, playbook)

    def price(self, playbook: Playbook, duration_seconds: float) -> Cost | None:
        said = math.ceil(duration_seconds / 60 * CHARACTERS_PER_MINUTE)
        frame = self._prepare(playbook).frame
        last = self._model.price(frame + min(said, self._part_characters))
        count = math.ceil(said / self._part_characters)
        chunk = self._model.price(frame + self._part_characters)
        if last is None or chunk is None or count <= 1:
            return last
        return Cost(amount=last.amount + count * chunk.amount, currency=last.currency)

    async def _pick(
        self,
        conversation: Conversation,
        playbook: Playbook,
        transcript: Sequence[Sequence[Turn]],
        budget: Budget,
    ) -> tuple[list[Turn], list[str]]:
        """Return the turns that matter, at most a chunk's worth of them, and a summary of each chunk."""
        picked: list[Turn] = []
        notes: list[str] = []
        for chunk in transcript:
            messages = note_messages(playbook, playbook.language_for(conversation.language), chunk)
            noted = await budget.ask(self._model, messages, Noted)
            numbers = frozenset(noted.turns)
            chosen = [turn for turn in chunk if turn.index in numbers]
            picked += next(chunks(chosen, self._part_characters // len(transcript), line_of), ())
            notes.append(noted.summary)
        return picked, notes

    def _prepare(self, playbook: Playbook) -> "_Ready":
        if playbook.hash not in self._ready:
            if len(self._ready) >= MAX_PLAYBOOKS_READY:
                self._ready.clear()
            shape = shape_for(playbook)
            frames = (
                prompt_characters(judge_messages(playbook, language, (), ()), shape)
                for language in playbook.languages
            )
            frame = max(frames) + ABOUT_CHARACTERS
            self._ready[playbook.hash] = _Ready(shape=shape, frame=frame)
        return self._ready[playbook.hash]
