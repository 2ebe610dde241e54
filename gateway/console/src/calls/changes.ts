// Whether something became of calls since they were asked for: the watch tells of days, the calls are asked anew.

import { useComputed } from "@preact/signals";
import { useEffect, useRef, useState } from "preact/hooks";
import { known } from "../live/current.ts";
import { owner } from "../shell/selection.ts";

/** Grows with every change of a day that is watched. */
export function useChanges(): number {
  return useComputed(() => {
    let sum = 0n;
    for (const each of known.value.days.values()) if (each.owner === owner.value) sum += each.counts?.version ?? 0n;
    return Number(sum);
  }).value;
}

/** How long changes are gathered: the calls know of them a moment later than the watch. */
const GATHERED = 3_000;

/** Returns a number that follows another one, a while behind it and no more often than that. */
export function useSettled(changes: number): number {
  const [settled, setSettled] = useState(changes);
  const newest = useRef(changes);
  newest.current = changes;
  const late = changes !== settled;
  useEffect(() => {
    if (!late) return undefined;
    const timer = setTimeout(() => setSettled(newest.current), settled === 0 ? 0 : GATHERED);
    return () => clearTimeout(timer);
  }, [late, settled]);
  return settled;
}
