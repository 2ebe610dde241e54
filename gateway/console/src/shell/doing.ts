// Something that a person has done, and what the service said to it, for a component.

import { useState } from "preact/hooks";
import { refusalOf } from "./refusals.ts";
import { NO_VIOLATIONS, type Violations, violationsOf } from "./violations.ts";

export interface Doing extends Violations {
  busy: boolean;
  /** Does it; answers undefined where it was refused, or something is being done already. */
  run: <Value>(action: () => Promise<Value>) => Promise<Value | undefined>;
  /** Forgets the refusal. */
  clear: () => void;
}

/** `fields` are those of the form, named as in the protos: what is refused of them is said beside them. */
export function useDoing(fields: readonly string[] = []): Doing {
  const [busy, setBusy] = useState(false);
  const [refused, setRefused] = useState(NO_VIOLATIONS);
  async function run<Value>(action: () => Promise<Value>): Promise<Value | undefined> {
    if (busy) return undefined;
    setBusy(true);
    setRefused(NO_VIOLATIONS);
    try {
      return await action();
    } catch (error) {
      const told = violationsOf(error, fields);
      setRefused({ ...told, rest: told.rest && refusalOf(error, told.rest) });
      return undefined;
    } finally {
      setBusy(false);
    }
  }
  return { ...refused, busy, run, clear: () => setRefused(NO_VIOLATIONS) };
}
