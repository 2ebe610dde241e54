// What is said about one call: its summary, its score, the checklist, what to do better, each with the words it rests on.

import type { ComponentChildren } from "preact";
import {
  type Analysis,
  type ChecklistItem,
  type Evidence,
  ItemStatus,
} from "@potok/web/gen/potok/analysis/v1/analysis_pb.ts";
import { day, number } from "../shell/formats.ts";
import { sentimentName, speakerName } from "../shell/words.ts";
import { Badge, Card, Notice, type Tone } from "../ui/parts.tsx";
import { t } from "./call_texts.ts";
import { plainLabel } from "./labels.ts";
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
      <div class="verdict">
        {scores?.checklist === undefined ? (
          <p class="soft">{t().noScore}</p>
        ) : (
          <>
            <ScoreRing score={scores.checklist} label={`${t().score}: ${t().scoreOf(number(scores.checklist))}`} />
            {scores.toldItems > 0 && <p class="soft small">{t().told(scores.toldItems, scores.applicableItems)}</p>}
          </>
        )}
      </div>
      <p class="summary">{analysis.summary}</p>
      <dl class="facts">
        <Fact name={t().type} value={plainLabel(analysis.callType)} quote={analysis.callTypeQuote} />
        <Fact name={t().outcome} value={plainLabel(analysis.outcome)} quote={analysis.outcomeQuote} />
        <Fact name={t().sentiment} value={sentimentName(analysis.sentiment)} quote={analysis.sentimentQuote} />
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
      <ol class="advice">
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
      <ul class="checklist">
        {apply.map((each) => <Item key={each.item} item={each} />)}
      </ul>
      {others.length > 0 && (
        <details>
          <summary>{t().notApplicable(others.length)}</summary>
          <ul class="checklist soft">
            {others.map((each) => <li key={each.item}>{plainLabel(each.item)}</li>)}
          </ul>
        </details>
      )}
    </Card>
  );
}

function Item({ item }: { item: ChecklistItem }) {
  return (
    <li>
      <div class="item-head">
        <span>{plainLabel(item.item)}</span>
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
            <strong>{plainLabel(each.kind)}</strong>
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
    <section class="group">
      <h3>{title}</h3>
      {empty ? <p class="soft small">{t().none}</p> : <ul>{children}</ul>}
    </section>
  );
}
