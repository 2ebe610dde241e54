// What is said about one call: summary, score, checklist, what to do better, each with the words it rests on.

import type { ComponentChildren } from "preact";
import {
  type Analysis,
  type ChecklistItem,
  type Evidence,
  ItemStatus,
} from "@potok/web/gen/potok/analysis/v1/analysis_pb.ts";
import { day, number } from "../shell/formats.ts";
import { speakerName } from "../shell/words.ts";
import { Badge, Card, Notice, type Tone } from "../ui/parts.tsx";
import { t } from "./call_texts.ts";
import { label } from "./labels.ts";
import { Quote } from "./quote.tsx";
import { ScoreRing } from "./score.tsx";

export function Judged({ analysis }: { analysis: Analysis }) {
  return (
    <>
      <Summary analysis={analysis} />
      <Recommendations analysis={analysis} />
      <Checklist analysis={analysis} />
      <Heard analysis={analysis} />
    </>
  );
}

function Summary({ analysis }: { analysis: Analysis }) {
  const { scores } = analysis;
  return (
    <Card title={t().summary}>
      {analysis.speakersGuessed && <Notice>{t().guessedJudge}</Notice>}
      <div class="call-verdict">
        {scores?.checklist === undefined ? (
          <p class="soft">{t().noScore}</p>
        ) : (
          <>
            <ScoreRing score={scores.checklist} label={`${t().score}: ${t().scoreOf(number(scores.checklist))}`} />
            {scores.toldItems > 0 && <p class="soft small">{t().told(scores.toldItems, scores.applicableItems)}</p>}
          </>
        )}
      </div>
      <p class="call-summary">{analysis.summary}</p>
      <dl class="told">
        <Fact name={t().type} value={label("call_types", analysis.callType)} quote={analysis.callTypeQuote} />
        <Fact name={t().outcome} value={label("outcomes", analysis.outcome)} quote={analysis.outcomeQuote} />
        <Fact name={t().sentiment} value={label("sentiments", analysis.sentiment)} quote={analysis.sentimentQuote} />
      </dl>
    </Card>
  );
}

function Fact({ name, value, quote }: { name: string; value: string; quote: Evidence | undefined }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        <strong>{value}</strong>
        <Quote of={quote} />
      </dd>
    </div>
  );
}

function Recommendations({ analysis }: { analysis: Analysis }) {
  return (
    <Card title={t().recommendations}>
      {analysis.recommendations.length === 0 && <p class="soft">{t().noRecommendations}</p>}
      <ol class="call-advice">
        {analysis.recommendations.map((each) => (
          <li key={each.skill}>
            <strong>{each.text}</strong>
            {each.why && <p class="soft">{each.why}</p>}
            <Quote of={each.quote} />
          </li>
        ))}
      </ol>
    </Card>
  );
}

const TONES: Record<ItemStatus, Tone> = {
  [ItemStatus.UNSPECIFIED]: "plain",
  [ItemStatus.COMPLETED]: "good",
  [ItemStatus.ATTEMPTED]: "warn",
  [ItemStatus.NOT_REACHED]: "bad",
  [ItemStatus.NOT_APPLICABLE]: "plain",
  [ItemStatus.CANNOT_BE_TOLD]: "plain",
};

function Checklist({ analysis }: { analysis: Analysis }) {
  const apply = analysis.checklist.filter((each) => each.status !== ItemStatus.NOT_APPLICABLE);
  const others = analysis.checklist.filter((each) => each.status === ItemStatus.NOT_APPLICABLE);
  return (
    <Card title={t().checklist}>
      <ul class="call-checklist">
        {apply.map((each) => <Item key={each.item} item={each} />)}
      </ul>
      {others.length > 0 && (
        <details>
          <summary>{t().notApplicable(others.length)}</summary>
          <ul class="call-checklist soft">
            {others.map((each) => <li key={each.item}>{label("checklist", each.item)}</li>)}
          </ul>
        </details>
      )}
    </Card>
  );
}

function Item({ item }: { item: ChecklistItem }) {
  return (
    <li>
      <div class="call-item-head">
        <span>{label("checklist", item.item)}</span>
        <span class="soft small">{t().weight(number(item.weight, 1))}</span>
        <Badge tone={TONES[item.status]}>{t().status[item.status]}</Badge>
      </div>
      {item.status === ItemStatus.CANNOT_BE_TOLD && <p class="soft small">{t().cannotBeTold}</p>}
      <Quote of={item.quote} />
    </li>
  );
}

function Heard({ analysis }: { analysis: Analysis }) {
  return (
    <Card>
      <Group title={t().objections} empty={analysis.objections.length === 0}>
        {analysis.objections.map((each, index) => (
          <li key={index}>
            <strong>{label("objections", each.kind)}</strong>
            <Quote of={each.quote} />
          </li>
        ))}
      </Group>
      <Group title={t().agreements} empty={analysis.agreements.length === 0}>
        {analysis.agreements.map((each, index) => (
          <li key={index}>
            {each.text !== each.quote?.text && <strong>{each.text}</strong>}
            <span class="soft small">
              {[speakerName(each.owner), each.due && t().due(day(each.due))].filter(Boolean).join(", ")}
            </span>
            <Quote of={each.quote} />
          </li>
        ))}
      </Group>
      <Group title={t().facts} empty={analysis.clientFacts.length === 0}>
        {analysis.clientFacts.map((each, index) => (
          <li key={index}>
            <strong>{each.text}</strong>
            <Quote of={each.quote} />
          </li>
        ))}
      </Group>
    </Card>
  );
}

function Group({ title, empty, children }: { title: string; empty: boolean; children: ComponentChildren }) {
  return (
    <section class="heard">
      <h3>{title}</h3>
      {empty ? <p class="soft small">{t().none}</p> : <ul>{children}</ul>}
    </section>
  );
}
