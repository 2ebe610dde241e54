// A month as a grid of days, and what of it is chosen. Pure.

import type { Range } from "../shell/selection.ts";

/** A month, `YYYY-MM`. */
export type Month = string;

export function monthOf(day: string): Month {
  return day.slice(0, 7);
}

/** Returns the month so many months later. */
export function monthAfter(month: Month, count: number): Month {
  return new Date(Date.UTC(Number(month.slice(0, 4)), Number(month.slice(5)) - 1 + count, 1)).toISOString().slice(0, 7);
}

/** Returns the first and the last day of a month. */
export function rangeOf(month: Month): Range {
  const [year, number] = [Number(month.slice(0, 4)), Number(month.slice(5))];
  return { start: `${month}-01`, end: new Date(Date.UTC(year, number, 0)).toISOString().slice(0, 10) };
}

/** Returns the days between two, whichever of them is the first, up to `last`. */
export function spanOf(one: string, other: string, last: string): Range {
  const [start, end] = one <= other ? [one, other] : [other, one];
  return { start, end: end > last ? last : end };
}

/** Returns the day so many days later. */
export function dayAfter(day: string, count: number): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + count * 24 * 3600 * 1000).toISOString().slice(0, 10);
}

export function isWeekend(day: string): boolean {
  return [0, 6].includes(new Date(`${day}T00:00:00Z`).getUTCDay());
}
