// A call taken along: its transcript as a file, its recording.

import { Download } from "lucide";
import { useState } from "preact/hooks";
import { ExportFormat } from "@potok/web/gen/potok/transcription/v1/transcription_service_pb.ts";
import { transcription } from "../shell/api.ts";
import { messageOf } from "../shell/refusals.ts";
import { save } from "../shell/saving.ts";
import { owner } from "../shell/selection.ts";
import { Icon } from "../ui/icon.tsx";
import { Notice } from "../ui/parts.tsx";
import { t } from "./call_texts.ts";

export function Downloads({ callId, recording }: { callId: string; recording: string | undefined }) {
  const [refusal, setRefusal] = useState("");

  async function take(format: ExportFormat): Promise<void> {
    try {
      const file = await transcription.exportTranscript({ owner: owner.value, callId, format });
      save(new Blob([file.content], { type: file.contentType }), file.fileName);
      setRefusal("");
    } catch (error) {
      setRefusal(messageOf(error));
    }
  }

  const formats: [string, ExportFormat][] = [
    [t().asText, ExportFormat.TEXT],
    ["SRT", ExportFormat.SRT],
    ["VTT", ExportFormat.VTT],
    ["JSON", ExportFormat.JSON],
  ];
  return (
    <div class="call-downloads" role="group" aria-label={t().download}>
      <Icon of={Download} size={16} />
      {formats.map(([name, format]) => (
        <button
          key={name}
          type="button"
          class="link"
          aria-label={`${t().download}: ${name}`}
          onClick={() => void take(format)}
        >
          {name}
        </button>
      ))}
      {recording && <a class="link" href={recording} download={callId}>{t().asRecording}</a>}
      {refusal && <Notice tone="bad">{t().notSaved(refusal)}</Notice>}
    </div>
  );
}
