// A score of 0 to 100, as a ring and as a number.

import { number, UNKNOWN } from "../shell/formats.ts";

const ROUND = 2 * Math.PI * 26;

/** What the colour of a score says. */
export function scoreTone(score: number): "good" | "warn" | "bad" {
  return score >= 80 ? "good" : score >= 50 ? "warn" : "bad";
}

export function ScoreRing({ score, label }: { score: number; label: string }) {
  return (
    <svg
      class="score-ring"
      viewBox="0 0 64 64"
      width="72"
      height="72"
      role="img"
      aria-label={label}
      data-tone={scoreTone(score)}
    >
      <circle cx="32" cy="32" r="26" class="score-ring-track" />
      <circle
        cx="32"
        cy="32"
        r="26"
        class="score-ring-part"
        stroke-dasharray={`${(score / 100) * ROUND} ${ROUND}`}
        transform="rotate(-90 32 32)"
      />
      <text x="32" y="32" text-anchor="middle" dominant-baseline="central">{number(score)}</text>
    </svg>
  );
}

/** A score in a row of a list. */
export function ScoreMark({ score }: { score: number | undefined }) {
  if (score === undefined) return <span class="soft">{UNKNOWN}</span>;
  return (
    <span class="score-mark" data-tone={scoreTone(score)}>
      {number(score)}
      <i style={{ width: `${score}%` }} />
    </span>
  );
}
