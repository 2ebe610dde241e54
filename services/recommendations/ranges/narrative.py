"""Narratives by rules: what the figures of a range say, in words. Pure; every number is a figure of the roll-up."""

from services.recommendations.ranges.domain import (
    MAX_FOCUS,
    Narrative,
    RollUp,
    ScoreReport,
    SkillReport,
    focus,
)
from services.status.domain import DateRange

AUTHOR = "rules"
RUSSIAN = "ru"


def compose(roll_up: RollUp, language: str) -> Narrative:
    """Return the narrative of a range, in Russian where that is the client's language, else in English."""
    words = _Russian() if language == RUSSIAN else _English()
    everybody = {skill.skill: skill for skill in roll_up.skills if skill.employee is None}
    first = [everybody[name] for name in focus(roll_up.skills)]
    sentences = [words.scores(roll_up.scores), *(words.skill(skill) for skill in first)]
    if roll_up.scores.calls and not roll_up.scores.enough:
        sentences.append(words.too_few())
    actions = [skill.recommendations[0].text for skill in first if skill.recommendations]
    return Narrative(text=" ".join(sentences), actions=tuple(actions[:MAX_FOCUS]), author=AUTHOR)


class RulesNarrator:
    """Implements Narrator."""

    async def narrate(self, days: DateRange, roll_up: RollUp, language: str) -> Narrative:
        del days
        return compose(roll_up, language)


class _English:
    def scores(self, scores: ScoreReport) -> str:
        if not scores.calls:
            return "No calls were analysed."
        text = f"{scores.calls} {'call' if scores.calls == 1 else 'calls'} analysed"
        if scores.unscored_calls:
            text += f", {scores.unscored_calls} without a score"
        if scores.score is None or scores.median_score is None:
            return f"{text}."
        text += f"; mean score {scores.score:.1f}, median {scores.median_score:.1f}"
        if scores.score_delta is not None:
            way = "above" if scores.score_delta >= 0 else "below"
            text += f", {abs(scores.score_delta):.1f} {way} the range before"
        return f"{text}."

    def skill(self, skill: SkillReport) -> str:
        text = f"{skill.skill}: {skill.completed} of {skill.applicable} done ({skill.share:.0%})"
        if skill.share_delta is not None:
            text += f", {skill.share_delta * 100:+.0f} points"
        return f"{text}."

    def too_few(self) -> str:
        return "These are too few calls to judge anybody by."


class _Russian:
    def scores(self, scores: ScoreReport) -> str:
        if not scores.calls:
            return "Проанализированных звонков нет."
        text = f"Проанализировано звонков: {scores.calls}"
        if scores.unscored_calls:
            text += f", без оценки: {scores.unscored_calls}"
        if scores.score is None or scores.median_score is None:
            return f"{text}."
        text += f"; средняя оценка {_comma(scores.score)}, медиана {_comma(scores.median_score)}"
        if scores.score_delta is not None:
            way = "выше" if scores.score_delta >= 0 else "ниже"
            text += f", на {_comma(abs(scores.score_delta))} {way}, чем за период до этого"
        return f"{text}."

    def skill(self, skill: SkillReport) -> str:
        text = f"{skill.skill}: выполнено {skill.completed} из {skill.applicable} ({skill.share * 100:.0f} %)"
        if skill.share_delta is not None:
            text += f", {skill.share_delta * 100:+.0f} п. п."
        return f"{text}."

    def too_few(self) -> str:
        return "Звонков слишком мало, чтобы о ком-то судить."


def _comma(figure: float) -> str:
    return f"{figure:.1f}".replace(".", ",")
