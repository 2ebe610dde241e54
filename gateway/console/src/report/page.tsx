// The report of a range: what its calls add up to, who did how well, and what to do about it.

import { Printer } from "lucide";
import type { RangeReport } from "@potok/web/gen/potok/recommendations/v1/range_report_pb.ts";
import { known } from "../live/current.ts";
import { recommendations } from "../shell/api.ts";
import { useAnswer } from "../shell/asking.ts";
import { days } from "../shell/formats.ts";
import { clientId, owner, type Range, range } from "../shell/selection.ts";
import { Icon } from "../ui/icon.tsx";
import { Answered, AsOf, Empty } from "../ui/parts.tsx";
import { RangeChoice } from "../ui/range.tsx";
import { Employees } from "./employees.tsx";
import { Exports } from "./exports.tsx";
import { lastCovered } from "./freshness.ts";
import { Figures, Labels } from "./figures.tsx";
import { Items } from "./items.tsx";
import { Narrative } from "./narrative.tsx";
import { Recommendations } from "./recommendations.tsx";
import "./report.css";
import { Scores } from "./scores.tsx";
import { Skills } from "./skills.tsx";
import { t } from "./texts.ts";

export default function Page() {
  const answer = useAnswer(
    async (signal) => (await recommendations.getRangeReport(asked(owner.value, range.value), { signal })).report!,
    [owner.value, range.value, lastCovered(known.value.days.values())],
  );
  return (
    <div class="report">
      <header class="page-head">
        <div>
          <h1>{t().title}</h1>
          <p class="soft">
            {clientId.value} · {days(range.value.start, range.value.end)} <AsOf time={answer.asOf} />
          </p>
        </div>
        <div class="row no-print">
          <Exports />
          <button type="button" class="button" onClick={() => window.print()}>
            <Icon of={Printer} />
            {t().print}
          </button>
        </div>
      </header>
      <div class="no-print"><RangeChoice /></div>
      <Answered answer={answer}>{(report) => <Report report={report} />}</Answered>
    </div>
  );
}

function asked(owner: string, range: Range) {
  return { owner, range: { startDate: range.start, endDate: range.end } };
}

function Report({ report }: { report: RangeReport }) {
  if (report.calls === 0) {
    return (
      <>
        <Empty>
          <strong>{t().noCalls}</strong>
          {t().noCallsHint}
        </Empty>
        <Recommendations employees={[]} />
      </>
    );
  }
  return (
    <>
      <Figures report={report} />
      <Narrative report={report} />
      <div class="report-thirds">
        <Labels title={t().types} kind="call_types" counts={report.callTypes} all={report.calls} />
        <Labels title={t().outcomes} kind="outcomes" counts={report.outcomes} all={report.calls} />
        <Labels title={t().sentiments} kind="sentiments" counts={report.sentiments} all={report.calls} />
      </div>
      <Scores report={report} />
      <Employees report={report} />
      <div class="report-halves">
        <Items report={report} />
        <Skills report={report} />
      </div>
      <Recommendations employees={report.employees.map((each) => each.employee)} />
    </>
  );
}
