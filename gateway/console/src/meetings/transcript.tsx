// What was said in a meeting, turn by turn; the turn of a quote is shown when one is followed.

import type { Transcript as Text } from "@potok/web/gen/potok/transcription/v1/transcript_pb.ts";
import { ExportFormat } from "@potok/web/gen/potok/transcription/v1/transcription_service_pb.ts";
import { useEffect, useRef } from "preact/hooks";
import { transcription } from "../shell/api.ts";
import { useDoing } from "../shell/doing.ts";
import { clock } from "../shell/formats.ts";
import { query } from "../shell/router.ts";
import { save } from "../shell/saving.ts";
import { Card, Notice } from "../ui/parts.tsx";
import { around } from "./quotes.ts";
import { t } from "./texts.ts";

export function Transcript({ transcript }: { transcript: Text }) {
  const asked = query.value.get("turn");
  const shown = asked === null ? undefined : Number(asked);
  const words = query.value.get("words") ?? "";
  const list = useRef<HTMLOListElement>(null);
  useEffect(() => {
    const turn = shown === undefined ? undefined : list.current?.children[shown];
    if (!(turn instanceof HTMLElement)) return;
    turn.scrollIntoView({ block: "center", behavior: "smooth" });
    turn.focus({ preventScroll: true });
  }, [shown, words]);
  const timed = transcript.segments.some((each) => each.endSeconds > 0);
  const speakers = [...new Set(transcript.segments.map((each) => each.speakerName))];
  return (
    <Card title={t().transcript} aside={<Files transcript={transcript} timed={timed} />}>
      <ol class="turns" ref={list} tabIndex={0} aria-label={t().transcript}>
        {transcript.segments.map((each, index) => {
          const split = around(each.text, index === shown ? words : "");
          const again = index > 0 && transcript.segments[index - 1]?.speakerName === each.speakerName;
          return (
            <li key={index} tabIndex={-1} data-shown={index === shown ? "" : undefined} data-voice={speakers.indexOf(each.speakerName) % 5}>
              {!again && <span class="turn-who">{each.speakerName || t().speaker}</span>}
              {timed && <span class="soft small number">{clock(each.startSeconds)}</span>}
              <p>{split.before}{split.words && <mark>{split.words}</mark>}{split.after}</p>
            </li>
          );
        })}
      </ol>
    </Card>
  );
}

/** Subtitles are made of turns that have times. */
function Files({ transcript, timed }: { transcript: Text; timed: boolean }) {
  const doing = useDoing();
  const formats: [string, ExportFormat][] = [[t().asText, ExportFormat.TEXT], ["JSON", ExportFormat.JSON]];
  if (timed) formats.splice(1, 0, ["SRT", ExportFormat.SRT], ["VTT", ExportFormat.VTT]);
  async function take(format: ExportFormat): Promise<void> {
    const { owner, callId } = transcript;
    const file = await doing.run(() => transcription.exportTranscript({ owner, callId, format }));
    if (file) save(new Blob([file.content], { type: file.contentType }), file.fileName);
  }
  return (
    <span class="row">
      {doing.rest && <Notice tone="bad">{doing.rest}</Notice>}
      {formats.map(([name, format]) => (
        <button
          key={name}
          type="button"
          class="button small quiet"
          aria-label={t().download(name)}
          disabled={doing.busy}
          onClick={() => void take(format)}
        >
          {name}
        </button>
      ))}
    </span>
  );
}
