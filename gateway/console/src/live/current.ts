// The watch of the client and the days that are selected: one stream for all pages.

import { computed, effect, signal, untracked } from "@preact/signals";
import { sessionState } from "../shell/session.ts";
import { clientId, range } from "../shell/selection.ts";
import { NOTHING } from "./fold.ts";
import { type Connection, type Live, openLive } from "./live.ts";

const current = signal<Live | undefined>(undefined);

const wanted = computed(() =>
  ["here", "expired"].includes(sessionState.value) && clientId.value
    ? JSON.stringify({ clientIds: [clientId.value], ledger: { startDate: range.value.start, endDate: range.value.end } })
    : "",
);

/** Follows the selection from now on. */
export function followSelection(): void {
  effect(() => {
    const watched = wanted.value;
    current.peek()?.close();
    current.value = watched ? untracked(() => openLive(JSON.parse(watched))) : undefined;
  });
}

/** What is known of the selected client. */
export const known = computed(() => current.value?.known.value ?? NOTHING);

/** Whether it is still being told. */
export const connection = computed<Connection>(() => current.value?.connection.value ?? { state: "connecting" });

/** When the last word came. */
export const heardAt = computed(() => current.value?.heardAt.value);
