// How well the skills are, of everybody or of one employee, with what is advised most often.

import type { Quote, RangeReport, SkillReport } from "@potok/web/gen/potok/recommendations/v1/range_report_pb.ts";
import { useState } from "preact/hooks";
import { number, share } from "../shell/formats.ts";
import { skillTitle } from "../shell/labels.ts";
import { Badge, Card, Meter, type Tone } from "../ui/parts.tsx";
import { Delta } from "./delta.tsx";
import { QuoteLink } from "./quote.tsx";
import { t, who } from "./texts.ts";

const EVERYBODY = "*";

export function Skills({ report }: { report: RangeReport }) {
  const [chosen, choose] = useState(EVERYBODY);
  const whose = [...new Set(report.skills.map((each) => each.employee))];
  const employee = chosen === EVERYBODY || !whose.includes(chosen) ? undefined : chosen;
  return (
    <Card
      title={t().skills}
      aside={
        <select class="no-print" aria-label={t().employee} value={employee ?? EVERYBODY} onChange={(event) => choose(event.currentTarget.value)}>
          {whose.map((each) => <option key={each ?? EVERYBODY} value={each ?? EVERYBODY}>{who(each)}</option>)}
        </select>
      }
    >
      <p class="print-only soft small">{who(employee)}</p>
      <ul class="items">
        {report.skills.filter((each) => each.employee === employee).map((each) => (
          <li key={each.skill}>
            <div class="spread">
              <strong>{skillTitle(each.skill)}</strong>
              <span class="number">
                {share(each.share)} {each.shareDelta !== undefined && <Delta value={each.shareDelta} scale={100} unit=" %" />}
              </span>
            </div>
            <Meter label={skillTitle(each.skill)} parts={[{ share: each.share, tone: toneOf(each) }]} />
            <p class="soft small">
              {t().ofCalls(each.calls)} · {t().completed.toLowerCase()} {number(each.completed)}/{number(each.applicable)} ·{" "}
              {t().failing.toLowerCase()} {number(each.failingCalls)}{" "}
              {!each.enough && <Badge tone="warn">{t().tooFew}</Badge>}
            </p>
            {each.recommendations.map((advice) => (
              <details key={advice.text}>
                <summary>{advice.text} <span class="soft small">{t().ofCalls(advice.calls)}</span></summary>
                <p class="soft small">{advice.why}</p>
                <ul class="quotes">{advice.quotes.map((quote: Quote) => <QuoteLink key={quote.callId + quote.text} quote={quote} />)}</ul>
              </details>
            ))}
          </li>
        ))}
      </ul>
    </Card>
  );
}

/** Few calls have no good or bad colour. */
function toneOf({ enough, share }: SkillReport): Tone {
  if (!enough) return "plain";
  return share >= 0.8 ? "good" : share >= 0.5 ? "warn" : "bad";
}
