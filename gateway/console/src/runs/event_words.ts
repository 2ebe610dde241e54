// What a change says, in a line for people.

import type { BotStatus, Change, DayStatus, Event, RunStatus, StageStatus } from "@potok/web/gen/potok/status/v1/event_pb.ts";
import { Stage } from "@potok/web/gen/potok/status/v1/stage_pb.ts";
import { countsOf, waitOf, whyOf } from "../panel/progress.tsx";
import { day as dayInWords, days, number } from "../shell/formats.ts";
import { type Language, language, texts } from "../shell/language.ts";
import { botStateName, executionStateName, reasonName, runStateName, stageName } from "../shell/words.ts";

export type Subject = "run" | "stage" | "day" | "bot";

/** One event of a change, as it is listed. */
export interface Line {
  key: string;
  change: Change;
  subject: Subject;
  stage: Stage;
  runId: string;
  text: string;
}

const t = texts({
  ru: {
    run: (over: string, state: string) => `Запуск за ${over}: ${state}`,
    of: (ended: string, all: string) => `${ended} из ${all}`,
    failed: (count: string) => `ошибок ${count}`,
    done: (count: string) => `готово ${count}`,
    waiting: (count: string) => `ждут ${count}`,
    skipped: (count: string) => `пропущено ${count}`,
    covered: "день пройден",
    bot: (name: string, state: string) => `Бот ${name}: ${state}`,
  },
  en: {
    run: (over: string, state: string) => `Run over ${over}: ${state}`,
    of: (ended: string, all: string) => `${ended} of ${all}`,
    failed: (count: string) => `${count} failed`,
    done: (count: string) => `${count} done`,
    waiting: (count: string) => `${count} waiting`,
    skipped: (count: string) => `${count} skipped`,
    covered: "day covered",
    bot: (name: string, state: string) => `Bot ${name}: ${state}`,
  },
});

const made = new WeakMap<Change, { language: Language; lines: Line[] }>();

/** Returns the lines of a change; they are made once. */
export function linesOf(change: Change): Line[] {
  const kept = made.get(change);
  if (kept?.language === language.value) return kept.lines;
  const lines = change.events.map((event, index) => lineOf(change, event, index)).filter((line) => line !== undefined);
  made.set(change, { language: language.value, lines });
  return lines;
}

function lineOf(change: Change, { subject }: Event, index: number): Line | undefined {
  const key = `${change.revision}-${index}`;
  switch (subject.case) {
    case "run":
      return { key, change, subject: "run", stage: subject.value.stage, runId: subject.value.runId, text: ofRun(subject.value) };
    case "stage":
      return { key, change, subject: "stage", stage: subject.value.stage, runId: subject.value.runId, text: ofStage(subject.value) };
    case "day":
      return { key, change, subject: "day", stage: subject.value.stage, runId: "", text: ofDay(subject.value) };
    case "bot":
      return { key, change, subject: "bot", stage: Stage.UNSPECIFIED, runId: subject.value.runId, text: ofBot(subject.value) };
    default:
      return undefined;
  }
}

function ofRun(run: RunStatus): string {
  const why = [reasonName(run.reason), run.message].filter(Boolean).join(": ");
  return join(t().run(run.range ? days(run.range.startDate, run.range.endDate) : "", runStateName(run.state)), why);
}

function ofStage(stage: StageStatus): string {
  const { all, done, failed, skipped } = countsOf(stage);
  return join(
    `${stageName(stage.stage)}: ${executionStateName(stage.state)}`,
    all > 0 && t().of(number(done + failed + skipped), number(all)),
    failed > 0 && t().failed(number(failed)),
    waitOf(stage),
    stage.endTime && whyOf(stage),
  );
}

function ofDay({ stage, counts, coverTime }: DayStatus): string {
  if (!counts) return stageName(stage);
  return join(
    `${dayInWords(counts.day)}, ${stageName(stage)}`,
    counts.success > 0 && t().done(number(counts.success)),
    counts.failed > 0 && t().failed(number(counts.failed)),
    counts.pending + counts.processing > 0 && t().waiting(number(counts.pending + counts.processing)),
    counts.skipped > 0 && t().skipped(number(counts.skipped)),
    coverTime && t().covered,
  );
}

function ofBot(bot: BotStatus): string {
  return join(t().bot(bot.botName || bot.botId, botStateName(bot.state)), bot.detail, bot.errorMessage);
}

function join(...parts: unknown[]): string {
  return parts.filter((part) => typeof part === "string" && part).join(" · ");
}
