// Words of a call, with the way to the second they were said at.

import { clock, day } from "../shell/formats.ts";
import { href } from "../shell/router.ts";
import { t } from "./texts.ts";

/** What a report and a recommendation both say of a quote. */
export interface Quoted {
  callId: string;
  text: string;
  startSeconds?: number | undefined;
  day?: string;
}

export function QuoteLink({ quote }: { quote: Quoted }) {
  const at = quote.startSeconds;
  const to = href("calls", quote.callId) + (at === undefined ? "" : `?t=${Math.floor(at)}`);
  return (
    <li class="quote">
      <q>{quote.text}</q>{" "}
      <a href={to} class="small">
        {at === undefined ? t().openCall : `${t().listen} ${clock(at)}`}
        {quote.day && <span> · {day(quote.day)}</span>}
      </a>
    </li>
  );
}
