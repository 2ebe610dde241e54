// Words of a meeting, with the way to the turn they were said in.

import type { Segment } from "@potok/web/gen/potok/transcription/v1/transcript_pb.ts";
import { clock } from "../shell/formats.ts";
import { withQuery } from "../shell/router.ts";
import { type Quoted, turnOf } from "./quotes.ts";
import { t } from "./texts.ts";

export function Jump({ quoted, segments }: { quoted: Quoted; segments: readonly Segment[] }) {
  const turn = turnOf(segments, quoted);
  const { quote, quoteSpeakerName, quoteStartSeconds } = quoted;
  if (!quote) return null;
  return (
    <p class="quote">
      <q>{quote}</q>{" "}
      <span class="small soft">{quoteSpeakerName}</span>{" "}
      {turn >= 0 && (
        <a class="small" href={withQuery({ turn: String(turn), words: quote })}>
          {t().show}
          {quoteStartSeconds !== undefined && ` · ${clock(quoteStartSeconds)}`}
        </a>
      )}
    </p>
  );
}
