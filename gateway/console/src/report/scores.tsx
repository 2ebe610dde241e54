// The scores as charts, each with the same figures as a table.

import type { RangeReport } from "@potok/web/gen/potok/recommendations/v1/range_report_pb.ts";
import { lazy, Suspense } from "preact/compat";
import { useMemo } from "preact/hooks";
import { day, number } from "../shell/formats.ts";
import { language } from "../shell/language.ts";
import { Card } from "../ui/parts.tsx";
import type { Drawn } from "./drawing.ts";
import { scored, scoresByDay } from "./series.ts";
import { t, who } from "./texts.ts";

/** Chart.js comes when a chart is shown, and not before. */
const Chart = lazy(() => import("./chart.tsx"));

export function Scores({ report }: { report: RangeReport }) {
  const spoken = language.value;
  const byDay = useMemo(() => scoresByDay(report.days), [report]);
  const lines = useMemo<Drawn>(
    () => ({
      kind: "line",
      labels: byDay.days.map((each) => day(each)),
      series: byDay.lines.map((line) => ({ name: who(line.employee), values: line.scores })),
    }),
    [byDay, spoken],
  );
  const people = useMemo(() => scored(report.employees), [report]);
  const bars = useMemo<Drawn>(
    () => ({
      kind: "bar",
      labels: people.map((each) => who(each.employee)),
      series: [{ name: t().score, values: people.map((each) => each.score ?? null), faint: people.map((each) => !each.enough) }],
    }),
    [people, spoken],
  );
  return (
    <div class="report-halves">
      <Card title={t().overTime}>
        <Suspense fallback={<div class="chart" />}><Chart drawn={lines} label={t().overTime} /></Suspense>
        {byDay.left > 0 && <p class="soft small">{t().linesLeft(byDay.left)}</p>}
        <details class="no-print">
          <summary class="small">{t().asTable}</summary>
          <div class="scroll" tabIndex={0} role="region" aria-label={t().overTime}>
            <table class="small">
              <thead>
                <tr>
                  <th>{t().day}</th>
                  {byDay.lines.map((line) => <th key={line.employee ?? "*"} class="number">{who(line.employee)}</th>)}
                </tr>
              </thead>
              <tbody>
                {byDay.days.map((each, at) => (
                  <tr key={each}>
                    <td>{day(each)}</td>
                    {byDay.lines.map((line) => (
                      <td key={line.employee ?? "*"} class="number">{number(line.scores[at] ?? undefined, 1)}</td>
                    ))}
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </details>
      </Card>
      <Card title={t().perEmployee}>
        <Suspense fallback={<div class="chart" />}><Chart drawn={bars} label={t().perEmployee} /></Suspense>
        {people.some((each) => !each.enough) && <p class="soft small">{t().tooFewHint(report.minimumCalls)}</p>}
        <details class="no-print">
          <summary class="small">{t().asTable}</summary>
          <table class="small">
            <thead><tr><th>{t().employee}</th><th class="number">{t().score}</th></tr></thead>
            <tbody>
              {people.map((each) => (
                <tr key={each.employee}>
                  <td>{who(each.employee)}</td>
                  <td class="number">{number(each.score, 1)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </details>
      </Card>
    </div>
  );
}
