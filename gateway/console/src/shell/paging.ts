// A list that comes page by page, for a component.

import { useRef, useState } from "preact/hooks";
import { type Answer, useAnswer } from "./asking.ts";
import { refusalOf } from "./refusals.ts";

export interface Page<Item> {
  items: readonly Item[];
  /** Asks for the next page; empty on the last. */
  next: string;
}

export interface Pages<Item> {
  /** All pages that have come so far. */
  answer: Answer<readonly Item[]>;
  /** Asks for the next page; undefined where this was the last. */
  more: (() => void) | undefined;
  /** True while the next page is asked for. */
  asking: boolean;
}

interface Rest<Item> {
  of: Page<Item> | undefined;
  items: readonly Item[];
  next: string;
  asking: boolean;
  refusal: string;
}

/** Asks for the first page as `useAnswer` does, and for others when the component says so. */
export function usePages<Item>(
  question: (pageToken: string, signal?: AbortSignal) => Promise<Page<Item>>,
  on: readonly unknown[],
): Pages<Item> {
  const first = useAnswer((signal) => question("", signal), on);
  const [kept, keep] = useState<Rest<Item>>({ of: undefined, items: [], next: "", asking: false, refusal: "" });
  const asked = useRef(first.value);
  asked.current = first.value;
  const rest: Rest<Item> =
    kept.of === first.value ? kept : { of: first.value, items: [], next: first.value?.next ?? "", asking: false, refusal: "" };

  async function more(): Promise<void> {
    keep({ ...rest, asking: true, refusal: "" });
    try {
      const page = await question(rest.next);
      if (asked.current !== rest.of) return; // the list begins anew
      keep({ ...rest, items: [...rest.items, ...page.items], next: page.next, asking: false, refusal: "" });
    } catch (error) {
      if (asked.current === rest.of) keep({ ...rest, asking: false, refusal: refusalOf(error) });
    }
  }

  const value = first.value && [...first.value.items, ...rest.items];
  return {
    answer: { ...first, value, refusal: first.refusal || rest.refusal },
    more: rest.next ? () => void more() : undefined,
    asking: rest.asking,
  };
}
