// The clock of the server: this machine's may be wrong, and what has run for so long is told by the server's.

/** How far the clocks may differ before ours is corrected: a `Date` header has whole seconds, and an answer takes time. */
const TOLERANCE = 3_000;

let ahead = 0;

/** Takes note of the header `date` of an answer that was asked for at `askedAt`. */
export function noteServerTime(date: string | null, askedAt: number, now = Date.now()): void {
  const said = date ? Date.parse(date) : Number.NaN;
  if (Number.isNaN(said)) return;
  const measured = said + 500 - (askedAt + now) / 2;
  ahead = Math.abs(measured) > TOLERANCE + (now - askedAt) / 2 ? measured : 0;
}

/** Returns what time it is at the server. */
export function serverNow(): Date {
  return new Date(Date.now() + ahead);
}
