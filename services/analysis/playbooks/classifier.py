"""A text classifier that may stand beside a playbook: what words tell of labels, learnt from labelled calls."""

import functools
import hashlib
import json
import math
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

SCALE = 100
"""Weights are stored as whole hundredths."""

Weights = tuple[int, ...]


class LabelClassifier(BaseModel):
    """Multinomial logistic regression over the features that a conversation has of one field.

    `weights[feature][i]` speaks for `labels[i]`, in hundredths; features it does not know count for
    nothing.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    labels: Annotated[tuple[str, ...], Field(min_length=2)]
    intercepts: Weights
    weights: Mapping[str, Weights]

    @model_validator(mode="after")
    def _a_weight_for_each_label(self) -> Self:
        count = len(self.labels)
        if any(len(weights) != count for weights in (self.intercepts, *self.weights.values())):
            raise ValueError("has not a weight for each label")
        return self

    def probabilities(self, features: Collection[str]) -> Mapping[str, float]:
        """Return the probability of each label: a softmax over weights of features of length 1."""
        known = [weights for feature in features if (weights := self.weights.get(feature))]
        length = math.sqrt(len(known)) or 1.0
        scores = [
            (intercept + sum(weights[i] for weights in known) / length) / SCALE
            for i, intercept in enumerate(self.intercepts)
        ]
        top = max(scores)
        parts = [math.exp(score - top) for score in scores]
        return {label: part / sum(parts) for label, part in zip(self.labels, parts, strict=True)}

    def support(self, features: Collection[str], label: str) -> float:
        """Return how much features speak for a label rather than for the others, in hundredths."""
        i = self.labels.index(label)
        known = [weights for feature in features if (weights := self.weights.get(feature))]
        return sum(weights[i] - sum(weights) / len(weights) for weights in known)


class Classifier(BaseModel):
    """The classifiers of a playbook by the field that they tell, `call_type`, `outcome` or `sentiment`.

    `learnt_from` is the hex SHA-256 of the labelled calls, `digest` that of the file.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    learnt_from: str
    fields: Mapping[str, LabelClassifier]
    digest: Annotated[str, Field(exclude=True)] = ""


@functools.lru_cache(maxsize=8)
def parse_classifier(content: bytes) -> Classifier:
    """Read what `write_classifier` wrote. Raises ValidationError."""
    read = Classifier.model_validate_json(content)
    return read.model_copy(update={"digest": hashlib.sha256(content).hexdigest()})


def write_classifier(path: Path, classifier: Classifier) -> None:
    """Write a classifier, a field a line."""
    lines = ",\n".join(
        f"{json.dumps(name)}:"
        + json.dumps(each.model_dump(), ensure_ascii=False, separators=(",", ":"))
        for name, each in sorted(classifier.fields.items())
    )
    head = json.dumps(classifier.learnt_from)
    path.write_text(f'{{"learnt_from":{head},"fields":{{\n{lines}\n}}}}\n', encoding="utf-8")
