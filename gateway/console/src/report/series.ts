// The figures of a report as charts draw them. Pure.

import type { DayReport, EmployeeReport } from "@potok/web/gen/potok/recommendations/v1/range_report_pb.ts";

/** The most employees that have a line of their own; the others are in the line of everybody. */
export const MOST_LINES = 5;

export interface Line {
  /** Whose; undefined for everybody together. */
  employee: string | undefined;
  /** A score for each day; null where there is none. */
  scores: (number | null)[];
  /** How many calls each day has. */
  calls: number[];
}

export interface Series {
  days: string[];
  lines: Line[];
  /** How many employees have no line. */
  left: number;
}

/** Returns all days from the first to the last, both with something to show, and of each line a score for every day. */
export function scoresByDay(reports: readonly DayReport[]): Series {
  const days = between(reports.map((each) => each.day));
  const index = new Map(days.map((day, at) => [day, at]));
  const lines = new Map<string | undefined, Line>();
  for (const { day, employee, calls, score } of reports) {
    const at = index.get(day);
    if (at === undefined) continue;
    const line = lines.get(employee) ?? { employee, scores: days.map(() => null), calls: days.map(() => 0) };
    line.scores[at] = score ?? null;
    line.calls[at] = calls;
    lines.set(employee, line);
  }
  const everybody = lines.get(undefined);
  lines.delete(undefined);
  const busiest = [...lines.values()]
    .filter((line) => line.scores.some((score) => score !== null))
    .sort((one, other) => total(other) - total(one));
  return {
    days,
    lines: [...(everybody ? [everybody] : []), ...busiest.slice(0, MOST_LINES)],
    left: Math.max(0, busiest.length - MOST_LINES),
  };
}

function total(line: Line): number {
  return line.calls.reduce((sum, calls) => sum + calls, 0);
}

/** Returns every day from the earliest to the latest of `found`. */
function between(found: readonly string[]): string[] {
  const sorted = [...found].sort();
  const [first, last] = [sorted[0], sorted.at(-1)];
  if (first === undefined || last === undefined) return [];
  const days: string[] = [];
  for (let at = Date.parse(`${first}T00:00:00Z`); at <= Date.parse(`${last}T00:00:00Z`); at += 86_400_000) {
    days.push(new Date(at).toISOString().slice(0, 10));
  }
  return days;
}

/** The employees that have a score, the best first. */
export function scored(employees: readonly EmployeeReport[]): EmployeeReport[] {
  return employees.filter((each) => each.score !== undefined).sort((one, other) => (other.score ?? 0) - (one.score ?? 0));
}

/** Returns a share for each part, 0 to 1 of the greatest. */
export function shares(calls: readonly number[]): number[] {
  const most = Math.max(1, ...calls);
  return calls.map((each) => each / most);
}
