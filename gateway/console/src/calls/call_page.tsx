// One call: heard, read and judged.

import { useEffect, useMemo, useRef } from "preact/hooks";
import type { GetCallResponse } from "@potok/web/gen/potok/call_sync/v1/call_service_pb.ts";
import type { ListedCall } from "@potok/web/gen/potok/call_sync/v1/listed_call_pb.ts";
import { ItemState, Stage } from "@potok/web/gen/potok/status/v1/stage_pb.ts";
import { analysis as analyses, calls, recordings, transcription } from "../shell/api.ts";
import { useAnswer } from "../shell/asking.ts";
import { asDate } from "../shell/formats.ts";
import { query } from "../shell/router.ts";
import { owner } from "../shell/selection.ts";
import { Answered, Card, Empty } from "../ui/parts.tsx";
import { t } from "./call_texts.ts";
import { useChanges, useSettled } from "./changes.ts";
import { Downloads } from "./downloads.tsx";
import { secondOf } from "./follow.ts";
import { CallHead, WhyNot } from "./head.tsx";
import { Judged } from "./judged.tsx";
import { useKeys } from "./keys.ts";
import { restsOf } from "./marks.ts";
import { Spoken } from "./metrics.tsx";
import { Controls } from "./player.tsx";
import { Provenance } from "./provenance.tsx";
import { found, heard, ReadingContext } from "./reading.ts";
import { openSound } from "./sound.ts";
import { TranscriptText } from "./transcript.tsx";
import { Wave } from "./wave.tsx";

export function CallPage({ callId }: { callId: string }) {
  const changes = useSettled(useChanges());
  const asked = { owner: owner.value, callId };
  const listed = useAnswer((signal) => calls.getCall(asked, { signal }), [owner.value, callId, changes]);
  return (
    <>
      <Answered answer={listed}>{() => null}</Answered>
      {(listed.value || listed.refusal) && <Read callId={callId} listed={listed.value} />}
    </>
  );
}

/** What is known of the call by then, and asked anew where its stage has something new. */
function Read({ callId, listed }: { callId: string; listed: GetCallResponse | undefined }) {
  const call = listed?.call;
  const asked = { owner: owner.value, callId };
  const on = (stage: Stage) => [owner.value, callId, newest(call, stage)];
  const written = useAnswer((signal) => found(transcription.getTranscript(asked, { signal })), on(Stage.TRANSCRIPTION));
  const judged = useAnswer((signal) => found(analyses.getAnalysis(asked, { signal })), on(Stage.ANALYSIS));
  const drawn = useAnswer(
    (signal) => heard(recordings.getWaveform(asked, { signal })),
    [owner.value, callId, call?.call?.recording?.sha256],
  );

  const address = `/api/v1/owners/${encodeURIComponent(owner.value)}/calls/${encodeURIComponent(callId)}/recording`;
  const sound = useMemo(() => openSound(address), [address]);
  useEffect(() => () => sound.close(), [sound]);

  const transcript = written.value?.transcript ?? null;
  const analysis = judged.value?.analysis ?? null;
  const unplayable = drawn.value === "unplayable";
  const wave = drawn.value === "unplayable" ? undefined : drawn.value;
  const known = sound.length.value ?? wave?.durationSeconds ?? transcript?.durationSeconds;
  const length = known ?? call?.call?.durationSeconds ?? 0;
  const rests = useMemo(() => restsOf(analysis, transcript), [analysis, transcript]);
  const reading = useMemo(
    () => ({ sound, transcript, employee: call?.call?.employee ?? analysis?.employee ?? "" }),
    [sound, transcript, call, analysis],
  );

  const wanted = secondOf(query.value.get("t"));
  const reached = useRef<number | undefined>(undefined);
  useEffect(() => {
    if (wanted === undefined || !transcript || reached.current === wanted) return;
    reached.current = wanted;
    sound.seek(wanted);
  }, [wanted, sound, transcript]);

  const recorded = wave !== null && (call ? call.call?.recording !== undefined : true);
  const playable = recorded && !unplayable;
  useKeys(playable ? sound : undefined);
  return (
    <ReadingContext.Provider value={reading}>
      <CallHead
        callId={callId}
        call={call}
        analysis={analysis}
        transcript={transcript}
        asOf={asDate(listed?.asOfTime)}
      />
      <div class="call-body">
        <div class="call-listen">
          <section class="card player" aria-label={t().player}>
            {known !== undefined && known > 0 && <Wave channels={wave?.channels ?? []} length={length} marks={rests} />}
            {playable ? (
              <Controls length={length} />
            ) : (
              <WhyNot
                what={recorded ? t().unplayable : t().noRecording}
                call={call}
                stage={recorded ? Stage.TRANSCRIPTION : Stage.CALL_SYNC}
              />
            )}
            {drawn.refusal && <p class="soft small">{t().noWave} {drawn.refusal}</p>}
            {playable && <p class="player-keys soft small">{t().keys}</p>}
          </section>
          <Card
            title={t().transcript}
            aside={transcript && <Downloads callId={callId} recording={playable ? address : undefined} />}
          >
            <Answered answer={written}>
              {(value) =>
                value?.transcript ? (
                  <TranscriptText transcript={value.transcript} marked={rests} />
                ) : (
                  <WhyNot what={t().noTranscript} call={call} stage={Stage.TRANSCRIPTION} />
                )
              }
            </Answered>
          </Card>
        </div>
        <div class="call-judged">
          <Answered answer={judged}>
            {(value) =>
              value?.analysis ? (
                <>
                  <Judged analysis={value.analysis} />
                  {value.analysis.metrics && <Spoken metrics={value.analysis.metrics} />}
                  <Provenance analysis={value.analysis} />
                </>
              ) : (
                <Card title={t().summary}>
                  <Empty><WhyNot what={t().noAnalysis} call={call} stage={Stage.ANALYSIS} /></Empty>
                </Card>
              )
            }
          </Answered>
        </div>
      </div>
    </ReadingContext.Provider>
  );
}

/** Says when a stage last had something new of a call, to tell one result from another; empty where it has none. */
function newest(call: ListedCall | undefined, stage: Stage): string {
  const found = call?.stages.find((each) => each.stage === stage);
  if (!found?.updateTime || found.state === ItemState.PROCESSING || found.state === ItemState.PENDING) return "";
  return `${found.updateTime.seconds}.${found.updateTime.nanos}`;
}
