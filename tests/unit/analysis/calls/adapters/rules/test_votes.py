from services.analysis.calls.adapters.rules.judge import RulesJudge
from services.analysis.calls.adapters.rules.votes import features
from services.analysis.calls.domain import Evidence, Judgement
from services.analysis.playbooks.classifier import Classifier, LabelClassifier
from services.analysis.playbooks.domain import Playbook
from tests.builders.analysis import clinic, said

TALK = (
    "O: Здравствуйте, слушаю вас.",
    "C: Добрый вечер. Мне бы фикус пристроить.",
    "O: Привозите в субботу.",
    "C: Спасибо.",
)


def _with(**fields: LabelClassifier) -> Playbook:
    return clinic().model_copy(
        update={"classifier": Classifier(learnt_from="", fields=fields, digest=str(fields))}
    )


def _learnt(
    labels: tuple[str, ...], intercepts: tuple[int, ...], **words: tuple[int, ...]
) -> LabelClassifier:
    weights = {f"{part}={word}": weights for word, weights in words.items() for part in "cfle"}
    return LabelClassifier(labels=labels, intercepts=intercepts, weights=weights)


def _judged(playbook: Playbook, *lines: str) -> Judgement:
    return RulesJudge().judge_now(said(*lines), playbook)


def test_words_that_no_phrase_knows_may_tell_the_type_and_are_quoted() -> None:
    playbook = _with(call_type=_learnt(("new_booking", "other"), (0, 0), фикус=(900, -900)))

    judgement = _judged(playbook, *TALK)

    assert judgement.call_type == "new_booking"
    assert judgement.call_type_quote == Evidence(turn=1, text="Мне бы фикус пристроить.")


def test_without_a_classifier_the_rules_decide() -> None:
    alone = clinic().model_copy(update={"classifier": None})
    undecided = _with(call_type=_learnt(("new_booking", "other"), (0, 0), кактус=(900, -900)))

    assert _judged(alone, *TALK).call_type == _judged(undecided, *TALK).call_type


def test_a_type_and_an_outcome_that_do_not_go_together_are_not_chosen() -> None:
    playbook = _with(
        call_type=_learnt(("wrong_number", "other"), (900, 0)),
        outcome=_learnt(("rescheduled", "no_action"), (500, 0)),
    )

    judgement = _judged(playbook, *TALK)

    assert (judgement.call_type, judgement.outcome) == ("wrong_number", "no_action")


def test_what_the_operator_says_tells_no_sentiment() -> None:
    playbook = _with(sentiment=_learnt(("negative", "neutral"), (0, 0), субботу=(900, -900)))

    judgement = _judged(playbook, *TALK)

    assert judgement.sentiment == "neutral"


def test_of_speech_without_marks_a_piece_is_quoted() -> None:
    long = " ".join(["и потом ещё"] * 30 + ["фикус"] + ["и потом ещё"] * 30)
    playbook = _with(call_type=_learnt(("new_booking", "other"), (0, 0), фикус=(900, -900)))

    quote = _judged(playbook, "O: Слушаю.", f"C: {long}").call_type_quote

    assert quote is not None
    assert "фикус" in quote.text
    assert len(quote.text) < len(long) / 2


def test_parts_of_a_call_have_features_of_their_own() -> None:
    conversation = said("O: Да?", "C: Раз.", "O: Так.", "C: Два.", "C: Три.")

    assert {"f=раз", "c=раз", "c=три", "o=так"} <= features(conversation, "call_type")
    assert "f=три" not in features(conversation, "call_type")
    assert {"l=три", "e=так", "c=раз"} <= features(conversation, "outcome")
    assert not any(each.startswith("o") for each in features(conversation, "sentiment"))
