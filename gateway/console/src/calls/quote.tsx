// Words of the recording that something rests on: a press goes to where they were said.

import { Play } from "lucide";
import type { Evidence } from "@potok/web/gen/potok/analysis/v1/analysis_pb.ts";
import { clock } from "../shell/formats.ts";
import { Icon } from "../ui/icon.tsx";
import { t } from "./call_texts.ts";
import { secondOfQuote, useReading, voiceOf } from "./reading.ts";

export function Quote({ of: quote }: { of: Evidence | undefined }) {
  const { sound, transcript } = useReading();
  if (!quote) return null;
  const second = secondOfQuote(quote, transcript);
  const speaker = quote.speaker || transcript?.segments[quote.turn]?.speaker;
  return (
    <blockquote class="said" data-voice={speaker === undefined ? undefined : voiceOf(speaker)}>
      {second !== undefined && (
        <button type="button" class="said-at" title={t().turnAt(clock(second))} onClick={() => sound.seek(second)}>
          <Icon of={Play} size={12} />
          {clock(second)}
        </button>
      )}
      <span>{quote.text}</span>
    </blockquote>
  );
}
