// Who had the calls, and how they went.

import type { RangeReport } from "@potok/web/gen/potok/recommendations/v1/range_report_pb.ts";
import { number } from "../shell/formats.ts";
import { Badge, Card } from "../ui/parts.tsx";
import { Delta } from "./delta.tsx";
import { t, who } from "./texts.ts";

export function Employees({ report }: { report: RangeReport }) {
  return (
    <Card title={t().employees} flush>
      <div class="scroll" tabIndex={0} role="region" aria-label={t().employees}>
        <table>
          <thead>
            <tr>
              <th>{t().employee}</th>
              <th class="number">{t().calls}</th>
              <th class="number">{t().score}</th>
              <th class="number">{t().median}</th>
              <th class="number">{t().unscored}</th>
              <th>{t().delta}</th>
            </tr>
          </thead>
          <tbody>
            {report.employees.map((each) => (
              <tr key={each.employee}>
                <td>
                  <strong>{who(each.employee)}</strong>{" "}
                  {!each.enough && (
                    <span title={t().tooFewHint(report.minimumCalls)}><Badge tone="warn">{t().tooFew}</Badge></span>
                  )}
                </td>
                <td class="number">{number(each.calls)}</td>
                <td class="number">{number(each.score, 1)}</td>
                <td class="number">{number(each.medianScore, 1)}</td>
                <td class="number">{number(each.unscoredCalls)}</td>
                <td>
                  {each.scoreDelta === undefined
                    ? <span class="soft small">{each.previousCalls ? t().fewBefore(report.minimumCalls) : t().noComparison}</span>
                    : <Delta value={each.scoreDelta} />}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {report.employees.some((each) => !each.enough) && (
        <p class="soft small table-note">{t().tooFewHint(report.minimumCalls)}</p>
      )}
    </Card>
  );
}
