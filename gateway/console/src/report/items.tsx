// The items of the checklist, what went wrong most often first.

import type { RangeReport } from "@potok/web/gen/potok/recommendations/v1/range_report_pb.ts";
import { number, share } from "../shell/formats.ts";
import { labelTitle, skillTitle } from "../shell/labels.ts";
import { Badge, Card, Meter } from "../ui/parts.tsx";
import { t } from "./texts.ts";

export function Items({ report }: { report: RangeReport }) {
  return (
    <Card title={t().items}>
      {report.items.length === 0 && <p class="soft">{t().noItems}</p>}
      <ul class="items">
        {report.items.map((each) => {
          const missed = each.calls - each.completed - each.attempted;
          return (
            <li key={each.item}>
              <div class="spread">
                <span>
                  <strong>{labelTitle("checklist", each.item)}</strong>
                  <span class="soft small"> · {skillTitle(each.skill)}</span>
                </span>
                <span class="number">{share(each.share)}</span>
              </div>
              <Meter
                label={labelTitle("checklist", each.item)}
                parts={[
                  { share: each.calls && each.completed / each.calls, tone: each.enough ? "good" : "plain" },
                  { share: each.calls && each.attempted / each.calls, tone: "warn" },
                ]}
              />
              <p class="soft small">
                {t().done} {number(each.completed)} · {t().partly} {number(each.attempted)} · {t().missed} {number(missed)}
                {each.untoldCalls > 0 && ` · ${t().untold(each.untoldCalls)}`}{" "}
                {!each.enough && <Badge tone="warn">{t().tooFew}</Badge>}
              </p>
            </li>
          );
        })}
      </ul>
    </Card>
  );
}
