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

/** A few lines that are drawn together: only the newest chunk ever grows. */
export interface Chunk {
  key: number;
  /** The newest first. */
  lines: readonly Line[];
}

/** Lines that match, and what they were made of. */
export interface Matched {
  filter: Filter;
  /** Changes up to here were looked at. */
  revision: bigint;
  /** The newest first. */
  chunks: readonly Chunk[];
}

/** How many lines a chunk holds. */
export const CHUNK = 50;

/**
 * Returns the newest lines that match, about `most`, going on from those of before where the filter is the same. Chunks
 * that have not changed are the very same.
 */
export function matched(before: Matched | undefined, log: readonly Change[], filter: Filter, linesOf: (change: Change) => Line[], most: number): Matched {
  const kept = before?.filter === filter ? before : { filter, revision: 0n, chunks: [] };
  const fresh: Line[] = [];
  for (let index = log.length - 1; index >= 0 && fresh.length < most; index--) {
    const change = log[index]!;
    if (change.revision <= kept.revision) break;
    if (filter.actor && change.actor !== filter.actor) continue;
    fresh.push(...linesOf(change).filter((line) => matches(line, filter)).reverse());
  }
  const revision = log.at(-1)?.revision ?? kept.revision;
  return { filter, revision, chunks: fresh.length ? added([...kept.chunks], fresh, most) : kept.chunks };
}

/** Adds lines, the newest first, to chunks, and drops what is too old. */
function added(chunks: Chunk[], fresh: Line[], most: number): Chunk[] {
  let left = fresh;
  while (left.length) {
    const newest = chunks[0];
    const room = newest && newest.lines.length < CHUNK ? CHUNK - newest.lines.length : 0;
    if (newest && room) {
      chunks[0] = { key: newest.key, lines: [...left.slice(-room), ...newest.lines] };
      left = left.slice(0, -room);
    } else {
      chunks.unshift({ key: (newest?.key ?? 0) + 1, lines: left.slice(-CHUNK) });
      left = left.slice(0, -CHUNK);
    }
  }
  return chunks.slice(0, Math.ceil(most / CHUNK) + 1);
}

function matches(line: Line, { subject, stage, text, runId }: Filter): boolean {
  if (subject && line.subject !== subject) return false;
  if (stage && line.stage !== stage) return false;
  if (runId && line.runId !== runId) return false;
  return !text || line.text.toLowerCase().includes(text.toLowerCase()) || line.change.actor.includes(text);
}
