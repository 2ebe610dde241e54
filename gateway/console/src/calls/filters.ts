// What calls are filtered by, as the address of the page says it. What an address says wrongly filters nothing.

import { signal } from "@preact/signals";
import type { Direction } from "@potok/web/gen/potok/call_sync/v1/call_pb.ts";
import type { ItemState, Stage } from "@potok/web/gen/potok/status/v1/stage_pb.ts";

/** The parameters of the address that filter. */
export const FILTERS = [
  "employee",
  "direction",
  "answered",
  "recorded",
  "contact",
  "length",
  "stage",
  "state",
  "type",
  "outcome",
  "sentiment",
  "score",
] as const;

export type FilterName = (typeof FILTERS)[number];

/** The list or the search that was seen last, with its filters: where a call leads back to. */
export const lastListed = signal("#/calls");

/** What `employee` is where nobody knows who had the call. */
export const NOBODY = "?";

export const DIRECTIONS: Readonly<Record<string, Direction>> = { incoming: 1, outgoing: 2, unknown: 3 };

export const STAGES: Readonly<Record<string, Stage>> = {
  call_sync: 1,
  transcription: 2,
  analysis: 3,
  recommendations: 4,
  reporting: 5,
};

export const STATES: Readonly<Record<string, ItemState>> = {
  pending: 1,
  processing: 2,
  success: 3,
  failed: 4,
  skipped: 5,
};

/** `from-to`, either of which may be missing: `60-`, `-30`, `50-79.5`. */
const BETWEEN = /^(\d+(?:\.\d+)?)?-(\d+(?:\.\d+)?)?$/;

/** Returns the two ends of a `from-to`, each undefined where it is open. */
export function between(text: string | null, most = Number.MAX_VALUE): [number | undefined, number | undefined] {
  const found = BETWEEN.exec(text ?? "");
  const end = (text: string | undefined) => (text === undefined ? undefined : Math.min(Number(text), most));
  const [from, to] = [end(found?.[1]), end(found?.[2])];
  return from !== undefined && to !== undefined && from > to ? [undefined, undefined] : [from, to];
}

function yesOrNo(text: string | null): boolean | undefined {
  return text === "yes" ? true : text === "no" ? false : undefined;
}

function one<Value>(of: Readonly<Record<string, Value>>, text: string | null): Value | undefined {
  return text !== null && Object.hasOwn(of, text) ? of[text] : undefined;
}

/** Returns the filter of a request: days, and what the address asks for. */
export function filterOf(query: URLSearchParams, range: { start: string; end: string }) {
  const employee = query.get("employee") ?? undefined;
  const [minDurationSeconds, maxDurationSeconds] = between(query.get("length"));
  const [minScore, maxScore] = between(query.get("score"), 100);
  const stage = one(STAGES, query.get("stage"));
  const state = stage && one(STATES, query.get("state"));
  return {
    range: { startDate: range.start, endDate: range.end },
    employee: employee === NOBODY ? "" : employee,
    direction: one(DIRECTIONS, query.get("direction")),
    answered: yesOrNo(query.get("answered")),
    recorded: yesOrNo(query.get("recorded")),
    contact: query.get("contact") ?? "",
    minDurationSeconds,
    maxDurationSeconds,
    stage,
    states: state ? [state] : [],
    callType: query.get("type") ?? "",
    outcome: query.get("outcome") ?? "",
    sentiment: query.get("sentiment") ?? "",
    minScore,
    maxScore,
  };
}

/**
 * Returns what the filter `contact` has to be to find the calls with a contact; empty where the server would take
 * nothing that is known of it. Of a number that is shown in part, these are its last four digits.
 */
export function contactQuery(contact: string, masked: boolean): string {
  const digits = contact.replace(/[^\d*]/g, "");
  const name = /\p{L}/u.test(contact);
  if (masked || !name) {
    const wanted = masked ? digits.slice(-4) : digits;
    return /^\d{4,}$/.test(wanted) ? wanted : "";
  }
  const short = digits.length > 0 && digits.length <= 4; // taken only from those who see numbers whole
  return short ? "" : contact.trim().slice(0, 64);
}

/** Returns the filters that an address sets. */
export function setFilters(query: URLSearchParams): FilterName[] {
  return FILTERS.filter((each) => query.get(each));
}
