// The client and the days that everything is about; remembered, also for the next visit and other tabs.

import { computed, effect, signal } from "@preact/signals";
import { type Client } from "@potok/web/gen/potok/coordinator/v1/run_pb.ts";
import { coordinator } from "./api.ts";
import { insist } from "./insisting.ts";

/** Days, both inclusive, `YYYY-MM-DD`. */
export interface Range {
  start: string;
  end: string;
}

const KEPT = "potok.selection";

function remembered(): { clientId: string; range: Range } {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(KEPT) ?? "");
    if (isSelection(kept)) return kept;
  } catch {
    // What cannot be read was never remembered.
  }
  return { clientId: "", range: presetRange("thisMonth") };
}

function isSelection(value: unknown): value is { clientId: string; range: Range } {
  const kept = value as { clientId?: unknown; range?: { start?: unknown; end?: unknown } } | null;
  const days = [kept?.range?.start, kept?.range?.end];
  return typeof kept?.clientId === "string" && days.every((each) => typeof each === "string" && /^\d{4}-\d{2}-\d{2}$/.test(each));
}

const first = remembered();

/** The id of the client; empty until there is one. */
export const clientId = signal(first.clientId);

/** The days. */
export const range = signal<Range>(first.range);

/** The clients that the user may see; undefined until they are known. */
export const clients = signal<Client[] | undefined>(undefined);

/** Whose calls: what the RPCs call `owner`. */
export const owner = computed(() => `client:${clientId.value}`);

effect(() => {
  localStorage.setItem(KEPT, JSON.stringify({ clientId: clientId.value, range: range.value }));
});

/** Reads the clients, at most 1,000, and chooses the first where none, or one that is not there, is chosen. */
export async function loadClients(): Promise<void> {
  let found: Client[] = [];
  await insist(async () => {
    found = (await coordinator.listClients({ pageSize: 1000 })).clients;
  });
  clients.value = found;
  if (!found.some((each) => each.clientId === clientId.value)) clientId.value = found[0]?.clientId ?? "";
}

export type Preset = "yesterday" | "lastWeek" | "thisMonth" | "lastMonth";

/** Returns the days of a preset, counted from `today` by the calendar of the browser; weeks begin on Monday. */
export function presetRange(preset: Preset, today = new Date()): Range {
  const [year, month, date] = [today.getFullYear(), today.getMonth(), today.getDate()];
  switch (preset) {
    case "yesterday":
      return { start: isoDay(year, month, date - 1), end: isoDay(year, month, date - 1) };
    case "lastWeek": {
      const monday = date - ((today.getDay() + 6) % 7);
      return { start: isoDay(year, month, monday - 7), end: isoDay(year, month, monday - 1) };
    }
    case "thisMonth":
      return { start: isoDay(year, month, 1), end: isoDay(year, month, date) };
    case "lastMonth":
      return { start: isoDay(year, month - 1, 1), end: isoDay(year, month, 0) };
  }
}

function isoDay(year: number, month: number, date: number): string {
  return new Date(Date.UTC(year, month, date)).toISOString().slice(0, 10);
}
