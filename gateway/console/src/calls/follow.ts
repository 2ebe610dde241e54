// Where the sound is in a transcript: found by halving, so that an hour of words costs as little as a minute. Pure.

export interface Timed {
  startSeconds: number;
  endSeconds: number;
}

/** Returns the index of the last part that has begun at `seconds`, -1 before the first; parts are ordered by start. */
export function lastBegun(parts: readonly Timed[], seconds: number): number {
  let [low, high] = [0, parts.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (parts[middle]!.startSeconds <= seconds) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** How long a word stays the current one after it ended, so that the light does not flicker between words. */
const LINGER = 0.35;

/** Returns the index of the part that is heard at `seconds`; -1 in a pause. */
export function heardAt(parts: readonly Timed[], seconds: number): number {
  const index = lastBegun(parts, seconds);
  return index >= 0 && seconds <= parts[index]!.endSeconds + LINGER ? index : -1;
}

/** Returns the second that a text like `12.3` names; undefined for anything else. */
export function secondOf(text: string | null): number | undefined {
  const seconds = text && /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  return Number.isFinite(seconds) ? seconds : undefined;
}
