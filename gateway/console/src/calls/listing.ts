// A list that grows page by page and stays true: what changed comes in where no row moves, and is offered else.

import { useEffect, useRef, useState } from "preact/hooks";
import { refusalOf } from "../shell/refusals.ts";
import { sessionState } from "../shell/session.ts";

/** The most rows that a list grows to; whoever wants more asks more exactly. */
export const MOST = 1_000;

const PAGE = 50;
/** The most rows that are asked for at once. */
const WHOLE = 200;
/** How long changes are gathered, and after which time it is looked once more, since what stages know arrives later. */
const [SOON, LATER] = [1_500, 8_000];

export interface ListPage<Item> {
  items: readonly Item[];
  next: string;
  /** How many there are on all pages, on the first. */
  total: number | undefined;
  asOf: Date | undefined;
}

export interface Listing<Item> {
  page: ListPage<Item> | undefined;
  refusal: string;
  asking: boolean;
  /** Adds the next page; undefined where there is none, or the list is at its longest. */
  more: (() => void) | undefined;
  /** Shows what is new; undefined where nothing is. */
  renew: (() => void) | undefined;
  /** Asks anew. */
  again: () => void;
}

interface Known<Item> {
  key: string;
  page: ListPage<Item> | undefined;
  fresh: ListPage<Item> | undefined;
  refusal: string;
  asking: boolean;
}

/**
 * Lists what `ask` answers; anew where `key` is another. When `changes` grows it looks again: an answer with the same
 * rows takes the place of those that are shown, another one waits for `renew`.
 */
export function useListing<Item>(
  ask: (pageToken: string, pageSize: number, signal: AbortSignal) => Promise<ListPage<Item>>,
  idOf: (item: Item) => string,
  key: string,
  changes = 0,
): Listing<Item> {
  const begin = { key, page: undefined, fresh: undefined, refusal: "", asking: true };
  const [known, setKnown] = useState<Known<Item>>(begin);
  const [turn, setTurn] = useState(0);
  const shown = known.key === key ? known : { ...begin, page: known.page };
  const latest = useRef(shown);
  latest.current = shown;
  const abort = useRef<AbortController | undefined>(undefined);
  const here = sessionState.value === "here";

  function question(pageToken: string, pageSize: number, take: (page: ListPage<Item>) => Partial<Known<Item>>): void {
    abort.current?.abort();
    const asked = (abort.current = new AbortController());
    setKnown((before) => ({ ...before, key, asking: true }));
    ask(pageToken, pageSize, asked.signal).then(
      (page) => {
        if (!asked.signal.aborted) setKnown((before) => ({ ...before, refusal: "", asking: false, ...take(page) }));
      },
      (error: unknown) => {
        if (!asked.signal.aborted) setKnown((before) => ({ ...before, refusal: refusalOf(error), asking: false }));
      },
    );
  }

  useEffect(() => {
    if (!here) return undefined;
    question("", PAGE, (page) => ({ page, fresh: undefined }));
    return () => abort.current?.abort();
  }, [key, turn, here]);

  const first = useRef(true);
  useEffect(() => {
    if (first.current || !here) {
      first.current = false;
      return undefined;
    }
    function look(): void {
      const { page, asking } = latest.current;
      if (!page || asking) return;
      question("", Math.min(WHOLE, Math.max(PAGE, page.items.length)), (fresh) => {
        const [ids, freshIds] = [page, fresh].map((each) => each.items.map(idOf).join("\n"));
        return ids === freshIds ? { page: fresh, fresh: undefined } : { fresh };
      });
    }
    const timers = [setTimeout(look, SOON), setTimeout(look, LATER)];
    return () => timers.forEach(clearTimeout);
  }, [changes, here]);

  const { page, fresh } = shown;
  return {
    page,
    refusal: shown.refusal,
    asking: shown.asking,
    more:
      page?.next && page.items.length < MOST && !shown.asking
        ? () =>
            question(page.next, PAGE, (next) => ({
              page: { ...next, items: [...page.items, ...next.items], total: page.total },
            }))
        : undefined,
    renew: fresh && (() => setKnown((before) => ({ ...before, page: fresh, fresh: undefined }))),
    again: () => setTurn((before) => before + 1),
  };
}
