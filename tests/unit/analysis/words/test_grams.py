from services.analysis.words.grams import grams


def test_a_text_has_pieces_of_words_words_and_pairs() -> None:
    assert set(grams("Да, на 15!")) == {
        *(" да", "да ", " да ", "=да", "_да"),
        *(" на", "на ", " на ", "=на", "да_на"),
        *(" # ", "=#", "на_#"),
    }


def test_case_yo_and_marks_make_no_difference_but_a_question_does() -> None:
    assert set(grams("Ещё раз.")) == set(grams("еще, раз"))
    assert set(grams("Ещё раз?")) > set(grams("еще раз"))


def test_nothing_has_no_features() -> None:
    assert list(grams(" … ")) == []
