// Whether a typed range can be worked on. Pure.

import type { Range } from "./selection.ts";

/** The most days that a run takes. */
const MOST_DAYS = 366;
const DAY = 24 * 3600 * 1000;

export type Fault = "missing" | "order" | "long" | "future";

/** Returns what is wrong with a range; nothing where it can be worked on. `today` is of the browser's calendar. */
export function faultOf(range: Range, today: string): Fault | undefined {
  if (!isDay(range.start) || !isDay(range.end)) return "missing";
  if (range.end < range.start) return "order";
  if (range.end > today) return "future";
  return Date.parse(range.end) - Date.parse(range.start) >= MOST_DAYS * DAY ? "long" : undefined;
}

function isDay(day: string): boolean {
  const time = Date.parse(`${day}T00:00:00Z`); // the 31st of November is the 1st of December to it
  return !Number.isNaN(time) && new Date(time).toISOString().slice(0, 10) === day;
}
