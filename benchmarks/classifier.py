"""Learns the classifier of `clinic` from the labelled calls for tuning, and writes it beside the playbook."""

import hashlib
from collections.abc import Sequence

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import normalize

from benchmarks.judgement import FILES
from services.analysis.calls.adapters.rules.votes import Field, features
from services.analysis.playbooks.classifier import (
    SCALE,
    Classifier,
    LabelClassifier,
    write_classifier,
)
from services.analysis.playbooks.reader import CLASSIFIER_SUFFIX
from tests.builders.analysis import PLAYBOOKS
from tests.labelled_dialogues import SAMPLES, Labelled, Portion, dialogues, recording

FIELDS: tuple[Field, ...] = ("call_type", "outcome", "sentiment")
MOST_FEATURES = 8_000
"""Features a field, those of most weight: fewer would tell less, more would only cost memory."""
REGULARISATION = 20.0
"""The inverse strength of the L2 penalty, `C` of scikit-learn."""


def main() -> None:
    """Write the classifier of the packaged playbook."""
    samples = calls_for_tuning()
    path = PLAYBOOKS / f"clinic{CLASSIFIER_SUFFIX}"
    write_classifier(path, learn(samples))
    print(f"{path.name}: learnt from {len(samples)} calls, {path.stat().st_size / 1000:,.0f} kB")


def calls_for_tuning() -> list[Labelled]:
    """Return the labelled calls that a classifier may learn from: those for tuning, and the samples, of which all is expected."""
    written = [each for each in dialogues(*FILES) if each.portion is Portion.TUNING]
    return [*written, *dialogues("recognised"), *map(recording, SAMPLES)]


def hash_of(samples: Sequence[Labelled]) -> str:
    """Hex SHA-256 of what is learnt from: the features and labels of each call."""
    content = hashlib.sha256()
    for each in samples:
        for field in FIELDS:
            content.update(str(each.labels[field]).encode())
            content.update("".join(sorted(features(each.conversation, field))).encode())
    return content.hexdigest()


def learn(samples: Sequence[Labelled]) -> Classifier:
    """Learn to tell every field of labelled calls."""
    return Classifier(
        learnt_from=hash_of(samples),
        fields={field: _learn_field(samples, field) for field in FIELDS},
    )


def _learn_field(samples: Sequence[Labelled], field: Field) -> LabelClassifier:
    """Fit twice: to find the features that weigh most, and then with those alone."""
    labels = [str(each.labels[field]) for each in samples]
    vectoriser = CountVectorizer(
        analyzer=lambda each: features(each.conversation, field), binary=True, min_df=2
    )
    matrix = csr_matrix(vectoriser.fit_transform(samples).astype(float))
    heaviest = np.argsort(-np.abs(_fit(matrix, labels).coef_).max(axis=0))[:MOST_FEATURES]
    kept = np.sort(heaviest)
    model = _fit(matrix[:, kept], labels)
    names = vectoriser.get_feature_names_out()[kept]
    return LabelClassifier(
        labels=tuple(model.classes_),
        intercepts=tuple(round(SCALE * each) for each in model.intercept_),
        weights={
            name: tuple(round(SCALE * each) for each in column)
            for name, column in zip(names, model.coef_.T, strict=True)
        },
    )


def _fit(matrix: csr_matrix, labels: Sequence[str]) -> LogisticRegression:
    model = LogisticRegression(C=REGULARISATION, max_iter=3_000, class_weight="balanced")
    return model.fit(normalize(matrix), labels)


if __name__ == "__main__":
    main()
