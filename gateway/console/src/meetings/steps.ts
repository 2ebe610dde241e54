// The way of a bot from its start to its tasks, as a stepper shows it. Pure.

import { timestampDate } from "@bufbuild/protobuf/wkt";
import { type BotObservation } from "@potok/web/gen/potok/coordinator/v1/bot_pb.ts";
import { Verdict } from "@potok/web/gen/potok/coordinator/v1/report_pb.ts";
import type { BotStatus, Change, StageStatus } from "@potok/web/gen/potok/status/v1/event_pb.ts";
import { BotState, Stage } from "@potok/web/gen/potok/status/v1/stage_pb.ts";

/** The states in their order, without ERROR, which may follow any of them. */
export const WAY: readonly BotState[] = [
  BotState.INITIALIZED,
  BotState.CONNECTING,
  BotState.CONNECTED,
  BotState.TRANSCRIBING,
  BotState.ANALYZING_MEETING,
  BotState.CREATING_TASKS,
  BotState.DONE,
];

const STATE_OF_STAGE: Partial<Record<Stage, BotState>> = {
  [Stage.TRANSCRIPTION]: BotState.TRANSCRIBING,
  [Stage.ANALYSIS]: BotState.ANALYZING_MEETING,
  [Stage.TASKS]: BotState.CREATING_TASKS,
};

export interface Step {
  state: BotState;
  /** When it was reached; undefined where it was not, or nobody knows. */
  at: Date | undefined;
  /** How long it lasted; undefined while it lasts, and where nobody knows. */
  seconds: number | undefined;
  mark: "done" | "now" | "todo" | "skipped" | "failed";
}

export function hasEnded(state: BotState): boolean {
  return state === BotState.DONE || state === BotState.ERROR;
}

/** True while the bot may be asked to leave its meeting. */
export function canStop(state: BotState): boolean {
  return state === BotState.INITIALIZED || state === BotState.CONNECTING || state === BotState.CONNECTED;
}

/**
 * Returns the steps of a bot. When each was reached is told by what its service said, by the run of the meeting, and by
 * the changes that were seen; of several the earliest.
 */
export function stepsOf(
  bot: BotStatus,
  observations: readonly BotObservation[],
  stages: readonly StageStatus[],
  log: readonly Change[],
): Step[] {
  const reached = new Map<BotState, Date>();
  const note = (state: BotState | undefined, time: Parameters<typeof timestampDate>[0] | undefined) => {
    if (state === undefined || !time) return;
    const at = timestampDate(time);
    const known = reached.get(state);
    if (!known || at < known) reached.set(state, at);
  };
  note(BotState.INITIALIZED, bot.createTime);
  for (const each of observations) {
    if (each.verdict === Verdict.APPLIED && canStop(each.state)) note(each.state, each.time);
  }
  for (const each of stages) note(STATE_OF_STAGE[each.stage], each.createTime);
  for (const { events, time } of log) {
    for (const { subject } of events) {
      if (subject.case === "bot" && subject.value.botId === bot.botId) note(subject.value.state, time);
    }
  }
  if (hasEnded(bot.state)) note(bot.state, bot.updateTime);

  const failed = bot.state === BotState.ERROR;
  const last = failed ? lastReached(reached) : WAY.indexOf(bot.state);
  const shown = failed ? [...WAY.slice(0, last + 1), BotState.ERROR] : WAY;
  return shown.map((state, index) => {
    const at = index <= last || state === BotState.ERROR ? reached.get(state) : undefined;
    const next = shown.slice(index + 1).map((later) => reached.get(later)).find(Boolean);
    const ended = index < last || (failed && state !== BotState.ERROR);
    return { state, at, seconds: ended && at && next ? (next.getTime() - at.getTime()) / 1000 : undefined, mark: markOf() };

    function markOf(): Step["mark"] {
      if (state === BotState.ERROR) return "failed";
      if (index > last) return "todo";
      if (!at) return "skipped";
      return index < last || failed || state === BotState.DONE ? "done" : "now";
    }
  });
}

function lastReached(reached: ReadonlyMap<BotState, Date>): number {
  return WAY.reduce((last, state, index) => (reached.has(state) ? index : last), 0);
}
