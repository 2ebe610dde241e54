// The figures that everything begins with, and how the calls divide.

import type { LabelCount, RangeReport } from "@potok/web/gen/potok/recommendations/v1/range_report_pb.ts";
import type { ComponentChildren } from "preact";
import { days, number, share } from "../shell/formats.ts";
import { type LabelKind, labelTitle } from "../shell/labels.ts";
import { Card } from "../ui/parts.tsx";
import { Delta } from "./delta.tsx";
import { shares } from "./series.ts";
import { t } from "./texts.ts";

export function Figures({ report }: { report: RangeReport }) {
  const before = report.previousRange;
  return (
    <section class="figures" aria-label={t().title}>
      <Figure name={t().calls} value={number(report.calls)}>
        {report.previousCalls ? t().earlier(report.previousCalls) : t().noComparison}
      </Figure>
      <Figure name={t().score} value={number(report.score, 1)} unit={t().ofHundred}>
        {report.scoreDelta === undefined ? t().fewBefore(report.minimumCalls) : <Delta value={report.scoreDelta} />}
      </Figure>
      <Figure name={t().median} value={number(report.medianScore, 1)} unit={t().ofHundred} />
      <Figure name={t().unscored} value={number(report.unscoredCalls)}>{t().unscoredHint}</Figure>
      {before && <p class="soft small">{t().before(days(before.startDate, before.endDate))}</p>}
    </section>
  );
}

function Figure({ name, value, unit, children }: {
  name: string;
  value: string;
  unit?: string;
  children?: ComponentChildren;
}) {
  return (
    <div class="figure">
      <span class="soft small">{name}</span>
      <strong>{value}{unit && <span class="soft small"> {unit}</span>}</strong>
      <span class="soft small">{children}</span>
    </div>
  );
}

/** Bars: how many calls carry each label. */
export function Labels({ title, kind, counts, all }: {
  title: string;
  kind: LabelKind;
  counts: readonly LabelCount[];
  all: number;
}) {
  const widths = shares(counts.map((each) => each.calls));
  return (
    <Card title={title}>
      <ul class="bars">
        {counts.map((each, index) => (
          <li key={each.label} data-label={kind === "sentiments" ? each.label : undefined}>
            <span>{labelTitle(kind, each.label)}</span>
            <span class="number">
              {number(each.calls)} <span class="soft small">{share(each.calls / all)}</span>
            </span>
            <span class="bar-track" aria-hidden="true">
              <span style={{ width: `${(widths[index] ?? 0) * 100}%` }} />
            </span>
          </li>
        ))}
      </ul>
    </Card>
  );
}
