"""The figures of a language model: what one gets that knows the labels, and one that is not there."""

import pytest

from benchmarks.judgement import FIELDS, FILES, judge_all
from services.analysis.calls.adapters.model.judge import ModelJudge
from services.llm.domain import ModelUnavailable
from services.llm.openai_model import open_model
from services.llm.settings import ModelSettings
from tests.builders.analysis import LONG, clinic
from tests.fakes.labelled_model import labelled_reply
from tests.fakes.language_model import a_model, fails, says
from tests.labelled_dialogues import dialogues

SAMPLES = dialogues(*FILES)
PLAYBOOK = clinic()


async def test_a_model_that_agrees_with_people_has_every_label_right() -> None:
    model = a_model(labelled_reply(SAMPLES, PLAYBOOK))
    async with (
        model.serving() as url,
        open_model(ModelSettings(url=url, name="labelled"), "POTOK_X_") as client,
    ):
        judged = await judge_all(ModelJudge(client, LONG), PLAYBOOK, SAMPLES, at_once=4)

    wrong = [
        f"{each.labelled.name}: {field}"
        for each in judged
        for field in FIELDS
        for given, found in [each.pair(field)]
        if given != found
    ]
    assert wrong == []
    assert all(each.usage.prompt_tokens for each in judged)


async def test_a_call_without_a_usable_answer_is_counted_and_the_others_go_on() -> None:
    model = a_model(says("no"), says("no"), says("no"), labelled_reply(SAMPLES, PLAYBOOK))
    async with (
        model.serving() as url,
        open_model(ModelSettings(url=url, name="labelled"), "POTOK_X_") as client,
    ):
        judged = await judge_all(ModelJudge(client, LONG), PLAYBOOK, SAMPLES[:3])

    assert [each.failure for each in judged] == ["BadAnswer", "", ""]
    assert judged[0].pair("outcome")[1] == {"no answer"}
    assert judged[0].usage.requests == 3


async def test_a_model_that_never_answers_ends_the_measurement(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("benchmarks.judgement.ATTEMPTS", 1)
    model = a_model(fails(503))
    async with (
        model.serving() as url,
        open_model(ModelSettings(url=url, name="labelled"), "POTOK_X_") as client,
    ):
        with pytest.raises(ModelUnavailable, match="nothing came of the first 5 calls"):
            await judge_all(ModelJudge(client, LONG), PLAYBOOK, SAMPLES)
