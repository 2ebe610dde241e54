// What a day is in every stage, as it is drawn and told.

import type { Stage } from "@potok/web/gen/potok/status/v1/stage_pb.ts";
import { dayKey, type Known } from "../live/fold.ts";
import { activeRun } from "../panel/buttons.ts";
import { type DayState, dayState, STAGES, type Tally, tallyDay } from "../panel/ledger.ts";
import { number } from "../shell/formats.ts";
import { language, texts } from "../shell/language.ts";
import { clientId } from "../shell/selection.ts";
import { stageName } from "../shell/words.ts";

const t = texts({
  ru: {
    states: {
      never: "не выполнялось",
      done: "готово",
      partial: "частично",
      failed: "ошибка",
      stale: "устарело",
      running: "выполняется",
    },
    counts: (tally: Tally) =>
      `${number(tally.success)} готово, ${number(tally.failed)} с ошибкой, ${number(tally.pending + tally.processing)} ждут, ${number(tally.skipped)} пропущено`,
  },
  en: {
    states: {
      never: "never covered",
      done: "done",
      partial: "partial",
      failed: "failed",
      stale: "stale",
      running: "running",
    },
    counts: (tally: Tally) =>
      `${number(tally.success)} done, ${number(tally.failed)} failed, ${number(tally.pending + tally.processing)} waiting, ${number(tally.skipped)} skipped`,
  },
});

/** What a state is drawn as. */
export const SIGNS: Record<DayState, string> = { never: "·", done: "✓", partial: "◐", failed: "✕", stale: "↻", running: "▶" };

/** One day in one stage. */
export interface Cell {
  stage: Stage;
  state: DayState;
  /** What a screen reader and a pointer are told. */
  told: string;
  /** Items done. */
  success: number;
}

/** Returns the word of a state. */
export function stateName(state: DayState): string {
  return t().states[state];
}

/** The cells of a day and what they were made of: what has not changed is not made again. */
export interface Made {
  of: readonly unknown[];
  cells: Cell[];
}

/** Returns the cells of a day; those of `made` where nothing of it has changed. */
export function cellsOf(told: Known, day: string, made: Map<string, Made>): Cell[] {
  const owner = `client:${clientId.value}`;
  const run = activeRun(told, clientId.value)?.status;
  const runs = run?.range && run.range.startDate <= day && run.range.endDate >= day ? run.stage : undefined;
  const of = [language.value, runs, ...STAGES.map((stage) => told.days.get(dayKey(owner, stage, day)))];
  const kept = made.get(day);
  if (kept?.of.every((each, index) => each === of[index])) return kept.cells;
  const cells = STAGES.map((stage) => {
    const tally = tallyDay(told.days, owner, stage, day);
    const state = dayState(tally, runs === stage);
    const counts = state === "never" ? "" : ` (${t().counts(tally)})`;
    return { stage, state, told: `${stageName(stage)}: ${t().states[state]}${counts}`, success: tally.success };
  });
  made.set(day, { of, cells });
  return cells;
}
