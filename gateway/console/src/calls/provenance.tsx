// What a judgement rests on, for whoever wants to know.

import type { ComponentChildren } from "preact";
import type { Analysis } from "@potok/web/gen/potok/analysis/v1/analysis_pb.ts";
import { number } from "../shell/formats.ts";
import { reasonName } from "../shell/words.ts";
import { Notice } from "../ui/parts.tsx";
import { t } from "./call_texts.ts";
import { useReading } from "./reading.ts";

export function Provenance({ analysis }: { analysis: Analysis }) {
  const { transcript } = useReading();
  const { versions, usage, fallback, evidenceFlags } = analysis;
  return (
    <details class="card call-provenance" open={fallback !== undefined}>
      <summary>{t().details}</summary>
      {fallback && (
        <Notice tone="warn">{t().fallback(fallback.judge, fallback.message || reasonName(fallback.reason))}</Notice>
      )}
      {evidenceFlags.length > 0 && (
        <section class="heard">
          <h3>{t().flags}</h3>
          <ul class="small">{evidenceFlags.map((each) => <li key={each}>{each}</li>)}</ul>
        </section>
      )}
      <dl class="told small">
        {versions && (
          <>
            <Row name={t().judge}>{versions.judgeName} {versions.judgeVersion}</Row>
            <Row name={t().playbook}>
              {versions.playbookName} <span class="mono">{versions.playbookHash.slice(0, 12)}</span>
            </Row>
            <Row name={t().metricsVersion}>{versions.metrics}</Row>
            <Row name={t().input}><span class="mono">{versions.inputHash.slice(0, 12)}</span></Row>
          </>
        )}
        {transcript && <Row name={t().model}><span class="mono">{transcript.model}</span></Row>}
        {usage && <Row name={t().usage}>{number(usage.requests)}</Row>}
        {usage?.cost && <Row name={t().cost}>{number(usage.cost.amount, 4)} {usage.cost.currency}</Row>}
      </dl>
    </details>
  );
}

function Row({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
