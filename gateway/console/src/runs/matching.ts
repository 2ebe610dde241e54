// Which lines of the log are shown, kept as the log grows: each change is looked at once. Pure.

import type { Change } from "@potok/web/gen/potok/status/v1/event_pb.ts";
import { Stage } from "@potok/web/gen/potok/status/v1/stage_pb.ts";
import type { Line, Subject } from "./event_words.ts";

/** What is left out leaves nothing out. */
export interface Filter {
  subject: Subject | "";
  stage: Stage;
  actor: string;
  /** Letters that a line holds. */
  text: string;
  runId: string;
}

export const EVERYTHING: Filter = { subject: "", stage: Stage.UNSPECIFIED, actor: "", text: "", runId: "" };

/** Lines that match, the newest first, and what they were made of. */
export interface Matched {
  filter: Filter;
  /** Changes up to here were looked at. */
  revision: bigint;
  lines: readonly Line[];
}

/** Returns the newest lines that match, going on from those of before where the filter is the same. */
export function matched(before: Matched | undefined, log: readonly Change[], filter: Filter, linesOf: (change: Change) => Line[], most: number): Matched {
  const kept = before?.filter === filter ? before : undefined;
  const from = kept?.revision ?? 0n;
  const fresh: Line[] = [];
  let index = log.length - 1;
  for (; index >= 0 && fresh.length < most; index--) {
    const change = log[index]!;
    if (change.revision <= from) break;
    if (filter.actor && change.actor !== filter.actor) continue;
    fresh.push(...linesOf(change).filter((line) => matches(line, filter)).reverse());
  }
  const revision = log.at(-1)?.revision ?? from;
  if (kept && !fresh.length) return revision === from ? kept : { ...kept, revision };
  return { filter, revision, lines: [...fresh, ...(kept?.lines ?? [])].slice(0, most) };
}

function matches(line: Line, { subject, stage, text, runId }: Filter): boolean {
  if (subject && line.subject !== subject) return false;
  if (stage && line.stage !== stage) return false;
  if (runId && line.runId !== runId) return false;
  return !text || line.text.toLowerCase().includes(text.toLowerCase()) || line.change.actor.includes(text);
}
