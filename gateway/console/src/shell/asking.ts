// One question to a service and what came of it, for a component: it is asked again when what it depends on changes.

import { useCallback, useEffect, useState } from "preact/hooks";
import { refusalOf } from "./refusals.ts";
import { serverNow } from "./server_time.ts";
import { sessionState } from "./session.ts";

/** What is known of an answer. An old one stays while it is asked again, and after a refusal. */
export interface Answer<Value> {
  value: Value | undefined;
  /** When `value` came. */
  asOf: Date | undefined;
  /** Why the last question had no answer, for people; empty where it had. */
  refusal: string;
  asking: boolean;
  /** Asks again. */
  again: () => void;
}

/**
 * Asks `question` now, again whenever one of `on` changes, and once more after a new login. What another question of the
 * same component overtook is thrown away.
 */
export function useAnswer<Value>(question: (signal: AbortSignal) => Promise<Value>, on: readonly unknown[]): Answer<Value> {
  const [turn, setTurn] = useState(0);
  const [known, setKnown] = useState<Omit<Answer<Value>, "again">>({
    value: undefined,
    asOf: undefined,
    refusal: "",
    asking: true,
  });
  const here = sessionState.value === "here";
  useEffect(() => {
    if (!here) return undefined;
    const abort = new AbortController();
    setKnown((before) => ({ ...before, asking: true }));
    question(abort.signal).then(
      (value) => {
        if (!abort.signal.aborted) setKnown({ value, asOf: serverNow(), refusal: "", asking: false });
      },
      (error: unknown) => {
        if (!abort.signal.aborted) setKnown((before) => ({ ...before, refusal: refusalOf(error), asking: false }));
      },
    );
    return () => abort.abort();
  }, [...on, turn, here]);
  const again = useCallback(() => setTurn((before) => before + 1), []);
  return { ...known, again };
}
