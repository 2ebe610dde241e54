// The range in words, and who wrote them.

import type { RangeReport } from "@potok/web/gen/potok/recommendations/v1/range_report_pb.ts";
import { moment } from "../shell/formats.ts";
import { skillTitle } from "../shell/labels.ts";
import { Badge, Card } from "../ui/parts.tsx";
import { t } from "./texts.ts";

export function Narrative({ report }: { report: RangeReport }) {
  const { narrative, focus, writeTime } = report;
  if (!narrative && focus.length === 0) return null;
  const author = narrative?.author === "rules" ? t().byRules : narrative?.author;
  return (
    <Card
      title={t().narrative}
      aside={
        <span class="as-of">
          {[author && t().writtenBy(author), writeTime && t().writtenAt(moment(writeTime))].filter(Boolean).join(" · ")}
        </span>
      }
    >
      {narrative && <p class="narrative">{narrative.text}</p>}
      {narrative && narrative.actions.length > 0 && (
        <div>
          <h3>{t().first}</h3>
          <ol>{narrative.actions.map((action) => <li key={action}>{action}</li>)}</ol>
        </div>
      )}
      {focus.length > 0 && (
        <p class="row">
          <span class="soft small">{t().focus}:</span>
          {focus.map((skill) => <Badge key={skill} tone="busy">{skillTitle(skill)}</Badge>)}
        </p>
      )}
      {narrative?.note && <p class="soft small">{narrative.note}</p>}
    </Card>
  );
}
