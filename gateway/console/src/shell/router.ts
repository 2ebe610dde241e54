// Where in the console one is: what stands behind `#` in the address, `#/calls/42?tab=words`.

import { computed, signal } from "@preact/signals";

const place = signal(window.location.hash);

window.addEventListener("hashchange", () => {
  place.value = window.location.hash;
});

const parts = computed(() => {
  const [path = "", query = ""] = place.value.replace(/^#/, "").split("?", 2);
  return { segments: path.split("/").filter(Boolean).map(decoded), query: new URLSearchParams(query) };
});

/** What somebody typed may be no escape of anything. */
function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

/** The segments of the path: `["calls", "42"]`; none on the first page. */
export const segments = computed(() => parts.value.segments);

/** The parameters behind `?`. */
export const query = computed(() => parts.value.query);

/** Returns the address of a page: `href("calls", callId)`. */
export function href(...to: string[]): string {
  return `#/${to.map(encodeURIComponent).join("/")}`;
}

/** Returns the same page with other parameters; empty ones are left out. */
export function withQuery(changes: Record<string, string>): string {
  const next = new URLSearchParams(parts.value.query);
  for (const [name, value] of Object.entries(changes)) {
    if (value) next.set(name, value);
    else next.delete(name);
  }
  const asked = next.toString();
  return href(...parts.value.segments) + (asked ? `?${asked}` : "");
}

/** Goes to a page; `replace` leaves no step back to this one. */
export function go(to: string, replace = false): void {
  if (replace) {
    window.history.replaceState(null, "", to);
    place.value = to;
  } else {
    window.location.hash = to;
  }
}
