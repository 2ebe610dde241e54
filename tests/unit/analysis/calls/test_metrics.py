from dataclasses import asdict, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.analysis.calls.domain import Conversation, Metrics, SideMetrics, Speaker, Turn
from services.analysis.calls.metrics import measure
from services.analysis.words.speech import count_words
from tests.builders.analysis import a_conversation, a_turn
from tests.labelled_dialogues import recording

FIVE_WORDS = "раз два три четыре пять"


@st.composite
def conversations(draw: st.DrawFn) -> Conversation:
    """Draw turns of both sides that may overlap in any way; times are whole tenths."""
    rows = draw(
        st.lists(
            st.tuples(
                st.sampled_from("OC"),
                st.integers(0, 1000),
                st.integers(1, 300),
                st.sampled_from(["да", FIVE_WORDS, "А как?", "раз. Два? Три?"]),
            ),
            min_size=1,
            max_size=20,
        )
    )
    rows.sort(key=lambda row: row[1])
    return a_conversation(
        [
            a_turn(index, who, start / 10, (start + length) / 10, text)
            for index, (who, start, length, text) in enumerate(rows)
        ]
    )


def _sides(metrics: Metrics) -> tuple[SideMetrics, SideMetrics]:
    assert metrics.operator is not None
    assert metrics.client is not None
    return metrics.operator, metrics.client


def _operator(*turns: Turn, overlap_reliable: bool = True) -> SideMetrics:
    return _sides(measure(a_conversation(turns, overlap_reliable=overlap_reliable)))[0]


@given(conversations())
def test_speech_and_silence_add_up_to_the_span(conversation: Conversation) -> None:
    metrics = measure(conversation)
    operator, client = _sides(metrics)

    assert metrics.overlap_seconds is not None
    assert metrics.span_seconds == pytest.approx(
        operator.speech_seconds
        + client.speech_seconds
        - metrics.overlap_seconds
        + metrics.silence_seconds
    )


@given(conversations())
def test_every_metric_stays_in_its_range(conversation: Conversation) -> None:
    metrics = measure(conversation)

    assert metrics.operator_talk_share is not None
    assert 0 <= metrics.operator_talk_share <= 1
    assert metrics.silence_share is not None
    assert 0 <= metrics.silence_share <= 1
    assert metrics.long_pauses.total_seconds <= metrics.silence_seconds + 1e-9
    assert metrics.long_pauses.longest_seconds <= metrics.long_pauses.total_seconds + 1e-9
    for side, speaker in zip(_sides(metrics), (Speaker.OPERATOR, Speaker.CLIENT), strict=True):
        own = [t for t in conversation.turns if t.speaker is speaker]
        longest_turn = max((t.end_seconds - t.start_seconds for t in own), default=0.0)
        assert longest_turn - 1e-9 <= side.longest_monologue_seconds <= metrics.span_seconds + 1e-9
        assert side.interruptions is not None
        assert 0 <= side.interruptions <= side.turns <= len(own)
        assert side.questions <= 2 * len(own)
        assert (side.average_turn_seconds is None) == (side.turns == 0)
        assert (side.average_turn_seconds or 0) <= side.longest_monologue_seconds + 1e-9
        assert (side.pace_deviation or 0) >= 0


@given(conversations(), st.integers(1, 3600))
def test_a_later_start_changes_nothing(conversation: Conversation, delay: int) -> None:
    shifted = [
        replace(t, start_seconds=t.start_seconds + delay, end_seconds=t.end_seconds + delay)
        for t in conversation.turns
    ]

    before, after = measure(conversation), measure(a_conversation(shifted))

    assert after.span_seconds == pytest.approx(before.span_seconds)
    assert after.silence_seconds == pytest.approx(before.silence_seconds, abs=1e-6)
    assert after.operator_talk_share == pytest.approx(before.operator_talk_share)


@given(conversations(), st.integers(1, 4))
def test_where_a_recogniser_cuts_changes_no_metric_but_the_questions(
    conversation: Conversation, words: int
) -> None:
    pieces = [
        replace(t, start_seconds=start, end_seconds=stop, text=text)
        for t in conversation.turns
        for middle in [(t.start_seconds + t.end_seconds) / 2]
        for said in [t.text.split()]
        for start, stop, text in (
            [
                (t.start_seconds, middle, " ".join(said[:words])),
                (middle, t.end_seconds, " ".join(said[words:])),
            ]
            if len(said) > words
            else [(t.start_seconds, t.end_seconds, t.text)]
        )
    ]

    _assert_equal(measure(a_conversation(pieces)), measure(conversation))


def _assert_equal(one: Metrics, other: Metrics) -> None:
    pairs = [(asdict(one), asdict(other))]
    pairs += [
        (asdict(mine), asdict(theirs))
        for mine, theirs in zip(_sides(one), _sides(other), strict=True)
    ]
    for mine, theirs in pairs:
        for name in mine.keys() - {"operator", "client", "long_pauses", "questions"}:
            value = theirs[name]
            expected = pytest.approx(value) if isinstance(value, float) else value
            assert mine[name] == expected, name


@given(conversations())
def test_swapping_the_sides_swaps_their_metrics(conversation: Conversation) -> None:
    other = {Speaker.OPERATOR: Speaker.CLIENT, Speaker.CLIENT: Speaker.OPERATOR}
    swapped = a_conversation([replace(t, speaker=other[t.speaker]) for t in conversation.turns])

    assert _sides(measure(swapped)) == _sides(measure(conversation))[::-1]


def test_overlapping_turns_of_one_side_are_counted_once() -> None:
    operator = _operator(a_turn(0, "O", 0, 10, FIVE_WORDS), a_turn(1, "O", 5, 12, FIVE_WORDS))

    assert operator.speech_seconds == 12


def test_a_pause_is_long_above_three_seconds() -> None:
    pauses = measure(
        a_conversation(
            [
                a_turn(0, "O", 2, 4, "раз"),
                a_turn(1, "C", 7, 8, "два"),
                a_turn(2, "O", 11.5, 12, "три"),
                a_turn(3, "C", 20, 21, "четыре"),
            ]
        )
    ).long_pauses

    assert (pauses.count, pauses.total_seconds, pauses.longest_seconds) == (2, 11.5, 8.0)


@pytest.mark.parametrize(
    ("between", "seconds"),
    [
        (a_turn(1, "C", 9.5, 10.5, "угу"), 20.0),
        (a_turn(1, "C", 10.2, 10.6, "да, понятно"), 20.0),
        (a_turn(1, "C", 9.5, 10.5, "нет, я хотел спросить другое"), 10.0),
    ],
)
def test_only_a_real_turn_of_the_other_side_ends_a_monologue(between: Turn, seconds: float) -> None:
    operator = _operator(
        a_turn(0, "O", 0, 10, FIVE_WORDS), between, a_turn(2, "O", 11, 20, FIVE_WORDS)
    )

    assert operator.longest_monologue_seconds == seconds


def test_a_pause_above_one_second_ends_a_monologue() -> None:
    operator = _operator(
        a_turn(0, "C", 0, 0.5, "алло"),
        a_turn(1, "O", 1, 8, FIVE_WORDS),
        a_turn(2, "O", 9.1, 12, FIVE_WORDS),
    )

    assert operator.longest_monologue_seconds == 7


@pytest.mark.parametrize(
    ("start", "end", "text", "interruptions"),
    [
        (9.0, 12.0, FIVE_WORDS, 1),
        (9.9, 12.0, FIVE_WORDS, 0),  # within the tolerance of 0.15 s
        (9.0, 12.0, "да, да", 0),  # a back-channel
        (9.0, 10.9, FIVE_WORDS, 0),  # does not take the floor
        (10.2, 15.0, FIVE_WORDS, 0),  # an answer
    ],
)
def test_an_interruption_begins_inside_the_others_speech_and_takes_the_floor(
    start: float, end: float, text: str, interruptions: int
) -> None:
    operator = _operator(a_turn(0, "C", 0, 10, FIVE_WORDS), a_turn(1, "O", start, end, text))

    assert operator.interruptions == interruptions


def test_without_reliable_overlap_nobody_is_said_to_interrupt() -> None:
    turns = [a_turn(0, "C", 0, 10, FIVE_WORDS), a_turn(1, "O", 9, 12, FIVE_WORDS)]

    metrics = measure(a_conversation(turns, overlap_reliable=False))

    assert metrics.overlap_seconds is None
    assert _sides(metrics)[0].interruptions is None
    assert metrics.operator_talk_share == pytest.approx(3 / 13)


def test_with_unknown_speakers_only_the_whole_is_measured() -> None:
    turns = [a_turn(0, "?", 0, 10, FIVE_WORDS), a_turn(1, "O", 14, 16, FIVE_WORDS)]

    metrics = measure(a_conversation(turns))

    assert (metrics.operator, metrics.client) == (None, None)
    assert metrics.operator_talk_share is None
    assert metrics.overlap_seconds is None
    assert (metrics.span_seconds, metrics.silence_seconds) == (16, 4)


def test_turns_without_words_are_not_speech() -> None:
    metrics = measure(a_conversation([a_turn(0, "O", 0, 10, "..."), a_turn(1, "C", 3, 3, "да")]))

    assert metrics.span_seconds == 0
    assert metrics.silence_share is None
    assert metrics.operator is None
    assert metrics.operator_talk_share is None


def test_one_side_alone_has_the_whole_talk_share() -> None:
    metrics = measure(a_conversation([a_turn(0, "O", 0, 10, FIVE_WORDS)]))

    assert metrics.operator_talk_share == 1
    assert _sides(metrics)[1].words_per_minute is None
    assert _sides(metrics)[1].response_latency_median_seconds is None


def test_pace_looks_at_turns_long_enough_to_have_one() -> None:
    operator = _operator(
        a_turn(0, "O", 0, 3, "раз два три четыре пять шесть"), a_turn(1, "O", 5, 5.2, "алло")
    )

    assert operator.words_per_minute == pytest.approx(120)
    assert operator.words == 7


def test_the_median_and_deviation_of_pace_need_three_turns() -> None:
    turns = [
        a_turn(0, "O", 0, 2, "раз два три четыре"),
        a_turn(1, "C", 2, 3, FIVE_WORDS),
        a_turn(2, "O", 4, 6, "раз два три четыре пять шесть"),
        a_turn(3, "C", 6, 7, FIVE_WORDS),
        a_turn(4, "O", 8, 10, "раз два три четыре пять шесть семь восемь"),
    ]

    two, three = _operator(*turns[:4]), _operator(*turns)

    assert (two.pace_median, two.pace_deviation) == (None, None)
    assert three.pace_median == pytest.approx(180)
    assert three.pace_deviation == pytest.approx(60)


def test_latency_is_the_median_time_to_answer_the_other_side() -> None:
    operator = _operator(
        a_turn(0, "C", 0, 2, "раз"),
        a_turn(1, "O", 2.5, 4, "два"),
        a_turn(2, "O", 9, 10, "три"),
        a_turn(3, "C", 10, 12, "четыре"),
        a_turn(4, "O", 11, 14, "пять"),
        a_turn(5, "C", 15, 16, "шесть"),
        a_turn(6, "O", 17, 18, "семь"),
    )

    assert operator.response_latency_median_seconds == pytest.approx(0.5)


def test_two_answers_are_too_few_for_a_latency() -> None:
    operator = _operator(
        a_turn(0, "C", 0, 2, "раз"),
        a_turn(1, "O", 2.5, 4, "два"),
        a_turn(2, "C", 10, 12, "четыре"),
        a_turn(3, "O", 12.5, 14, "пять"),
    )

    assert operator.response_latency_median_seconds is None


def test_a_backchannel_is_no_turn_and_an_answer_of_a_word_is_one() -> None:
    client = _sides(
        measure(
            a_conversation(
                [
                    a_turn(0, "O", 0, 10, FIVE_WORDS),
                    a_turn(1, "C", 4, 4.5, "угу"),
                    a_turn(2, "C", 10.5, 11, "да"),
                    a_turn(3, "O", 13, 15, FIVE_WORDS),
                ]
            )
        )
    )[1]

    assert client.turns == 1
    assert client.average_turn_seconds == pytest.approx(0.5)


def test_a_pause_in_a_turn_counts_for_its_length_and_not_for_its_pace() -> None:
    operator = _operator(a_turn(0, "O", 0, 2, FIVE_WORDS), a_turn(1, "O", 3, 5, FIVE_WORDS))

    assert operator.turns == 1
    assert operator.average_turn_seconds == 5
    assert operator.words_per_minute == pytest.approx(60 * 10 / 4)


def test_interruptions_are_told_by_the_minute_of_the_whole_conversation() -> None:
    operator = _operator(
        a_turn(0, "C", 0, 10, FIVE_WORDS),
        a_turn(1, "O", 9, 12, FIVE_WORDS),
        a_turn(2, "C", 20, 30, FIVE_WORDS),
    )

    assert operator.interruptions_per_minute == pytest.approx(2)


@pytest.mark.parametrize(
    ("who", "first"), [("O", Speaker.OPERATOR), ("C", Speaker.CLIENT), ("?", None)]
)
def test_who_speaks_first_is_told_where_speakers_are_known(who: str, first: Speaker | None) -> None:
    turns = [a_turn(0, "O", 0, 1, "..."), a_turn(1, who, 2, 3, "раз"), a_turn(2, "O", 4, 5, "два")]

    assert measure(a_conversation(turns)).first_speaker is first


@pytest.mark.parametrize(
    ("text", "questions"),
    [
        ("Вы у нас впервые?", 1),
        ("Как вас зовут? А телефон?!", 2),
        ("когда вам удобно", 1),
        ("Какая у вас фамилия", 1),
        ("Хорошо, записала.", 0),
        ("Каких-то планов нет", 0),
    ],
)
def test_questions_are_marks_or_an_opening_question_word(text: str, questions: int) -> None:
    assert _operator(a_turn(0, "O", 0, 3, text)).questions == questions


@pytest.mark.parametrize(
    ("text", "words"),
    [("Да.", 1), ("в 15:30, к доктору", 4), ("check-up, don't", 2), ("...", 0), ("да.Нет", 2)],
)
def test_words_are_counted_as_people_count_them(text: str, words: int) -> None:
    assert count_words(text) == words


def test_a_sample_call_is_measured() -> None:
    metrics = measure(recording("call1_booking").conversation)
    operator, client = _sides(metrics)

    assert metrics.span_seconds == pytest.approx(61.7)
    assert metrics.overlap_seconds == pytest.approx(0)
    assert metrics.operator_talk_share == pytest.approx(31.45 / 56.21)
    assert metrics.long_pauses.count == 0
    assert (operator.turns, client.turns) == (7, 6)
    assert (operator.questions, client.questions) == (2, 1)
    assert (operator.interruptions, client.interruptions) == (0, 0)
    # "Иванов Сергей." is two words and so, by definition, no end of a monologue.
    assert operator.longest_monologue_seconds == pytest.approx(56.25 - 43.27)
