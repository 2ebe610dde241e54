import json
import math
import shutil
from pathlib import Path

import pytest

from benchmarks.classifier import calls_for_tuning, hash_of
from services.analysis.playbooks.classifier import Classifier, LabelClassifier, write_classifier
from services.analysis.playbooks.reader import PlaybookInvalid, load_playbooks
from tests.builders.analysis import PLAYBOOKS, clinic

PRICES = LabelClassifier(
    labels=("info", "price_inquiry"),
    intercepts=(0, -100),
    weights={"c=стоит": (-200, 200), "c=где": (300, -300)},
)


def test_a_probability_is_a_softmax_over_the_weights_of_known_features() -> None:
    both = PRICES.probabilities(("c=стоит", "c=где", "c=никогда"))
    scores = [(300 - 200) / math.sqrt(2) / 100, -1 + (200 - 300) / math.sqrt(2) / 100]
    parts = [math.exp(score) for score in scores]

    assert both == pytest.approx(
        {"info": parts[0] / sum(parts), "price_inquiry": parts[1] / sum(parts)}
    )


def test_without_a_known_feature_the_intercepts_decide() -> None:
    assert PRICES.probabilities(())["info"] == pytest.approx(1 / (1 + math.exp(-1)))


def test_words_speak_for_a_label_by_what_they_weigh_more_than_for_the_others() -> None:
    assert PRICES.support(("c=стоит",), "price_inquiry") == 200
    assert PRICES.support(("c=где",), "price_inquiry") == -300


def _beside(directory: Path, content: str) -> Path:
    shutil.copy(PLAYBOOKS / "clinic.yaml", directory)
    (directory / "clinic.classifier.json").write_text(content, encoding="utf-8")
    return directory


def test_a_classifier_comes_back_as_it_was_written_and_changes_the_hash(tmp_path: Path) -> None:
    classifier = Classifier(learnt_from="a" * 64, fields={"call_type": PRICES})
    write_classifier(tmp_path / "clinic.classifier.json", classifier)
    read = load_playbooks(
        _beside(tmp_path, (tmp_path / "clinic.classifier.json").read_text("utf-8"))
    )["clinic"]
    (tmp_path / "clinic.classifier.json").unlink()
    alone = load_playbooks(tmp_path)["clinic"]

    assert read.classifier is not None
    assert read.classifier.fields == classifier.fields
    assert alone.classifier is None
    assert len({read.hash, alone.hash, clinic().hash}) == 3


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("{", "clinic.classifier.json: is no classifier: take the file away"),
        ('{"learnt_from":"a","fields":{"call_type":{"labels":["a"]}}}', "is no classifier"),
        (
            json.dumps(
                {
                    "learnt_from": "a",
                    "fields": {
                        "outcome": {
                            "labels": ["sold", "booked"],
                            "intercepts": [0, 0],
                            "weights": {},
                        }
                    },
                }
            ),
            "clinic.classifier.json: outcome: 'sold' is not declared by clinic: keep the label",
        ),
    ],
)
def test_a_file_that_is_no_classifier_of_the_playbook_is_refused(
    tmp_path: Path, content: str, told: str
) -> None:
    with pytest.raises(PlaybookInvalid, match="take the file away") as raised:
        load_playbooks(_beside(tmp_path, content))

    assert told in str(raised.value)


def test_weights_that_are_fewer_than_labels_are_refused(tmp_path: Path) -> None:
    content = {
        "learnt_from": "a",
        "fields": {
            "outcome": {
                "labels": ["refused", "booked"],
                "intercepts": [0, 0],
                "weights": {"c=да": [1]},
            }
        },
    }
    with pytest.raises(PlaybookInvalid, match="is no classifier"):
        load_playbooks(_beside(tmp_path, json.dumps(content)))


def test_the_packaged_classifier_was_learnt_from_the_calls_for_tuning_as_they_are() -> None:
    classifier = clinic().classifier

    assert classifier is not None
    assert classifier.learnt_from == hash_of(calls_for_tuning()), (
        "the calls for tuning or their features have changed: run `python -m benchmarks.classifier`"
    )
