// How a call was spoken, in plain words.

import type { Metrics, SideMetrics } from "@potok/web/gen/potok/analysis/v1/analysis_pb.ts";
import { Speaker } from "@potok/web/gen/potok/transcription/v1/transcript_pb.ts";
import { clock, number, share } from "../shell/formats.ts";
import { speakerName } from "../shell/words.ts";
import { Card } from "../ui/parts.tsx";
import { t } from "./call_texts.ts";

/** Seconds as people say them: short ones with a decimal, long ones as a clock shows them. */
function time(seconds: number | undefined): string | undefined {
  if (seconds === undefined) return undefined;
  return seconds < 60 ? t().seconds(number(seconds, 1)) : clock(seconds);
}

export function Spoken({ metrics }: { metrics: Metrics }) {
  const { operator, client, operatorTalkShare } = metrics;
  const rows: [string, (side: SideMetrics) => string | undefined][] = [
    [t().speech, (side) => time(side.speechSeconds)],
    [t().pace, (side) => known(side.wordsPerMinute, number)],
    [t().monologue, (side) => time(side.longestMonologueSeconds)],
    [t().latency, (side) => time(side.responseLatencyMedianSeconds)],
    [t().turns, (side) => number(side.turns)],
    [t().questions, (side) => number(side.questions)],
    [t().interruptions, (side) => known(side.interruptions, number)],
  ];
  return (
    <Card title={t().metrics}>
      {operatorTalkShare !== undefined && <TalkShare operator={operatorTalkShare} />}
      {operator && client && (
        <div class="scroll" tabIndex={0} role="region" aria-label={t().metrics}>
          <table class="call-metrics">
            <thead>
              <tr>
                <td />
                <th scope="col" class="number">{speakerName(Speaker.OPERATOR)}</th>
                <th scope="col" class="number">{speakerName(Speaker.CLIENT)}</th>
              </tr>
            </thead>
            <tbody>
              {rows.map(([name, of]) => (
                <tr key={name}>
                  <th scope="row">{name}</th>
                  <td class="number"><Measured value={of(operator)} /></td>
                  <td class="number"><Measured value={of(client)} /></td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      <dl class="told">
        <Row name={t().silence}>
          {metrics.silenceShare !== undefined &&
            t().silenceOf(time(metrics.silenceSeconds)!, share(metrics.silenceShare))}
        </Row>
        <Row name={t().pauses}>
          {metrics.longPauses && t().pausesOf(metrics.longPauses.count, time(metrics.longPauses.longestSeconds)!)}
        </Row>
        <Row name={t().overlap}>{time(metrics.overlapSeconds)}</Row>
        <Row name={t().first}>{speakerName(metrics.firstSpeaker)}</Row>
      </dl>
      {metrics.overlapSeconds === undefined && <p class="soft small">{t().whyUnmeasured}</p>}
    </Card>
  );
}

function TalkShare({ operator }: { operator: number }) {
  return (
    <div>
      <h3>{t().talkShare}</h3>
      <div class="call-talk" aria-hidden="true">
        <span data-voice="operator" style={{ width: `${operator * 100}%` }} />
        <span data-voice="client" style={{ width: `${(1 - operator) * 100}%` }} />
      </div>
      <div class="call-talk-ends small">
        <span>{speakerName(Speaker.OPERATOR)} {share(operator)}</span>
        <span>{speakerName(Speaker.CLIENT)} {share(1 - operator)}</span>
      </div>
    </div>
  );
}

function known<Value>(value: Value | undefined, say: (value: Value) => string): string | undefined {
  return value === undefined ? undefined : say(value);
}

function Measured({ value }: { value: string | false | undefined }) {
  return value ? <>{value}</> : <span class="soft small">{t().unmeasured}</span>;
}

function Row({ name, children }: { name: string; children: string | false | undefined }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd><Measured value={children} /></dd>
    </div>
  );
}
