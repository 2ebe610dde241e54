// What a meeting came to: in a few sentences, what was decided, who spoke how much.

import type { MeetingAnalysis } from "@potok/web/gen/potok/analysis/v1/meeting_analysis_pb.ts";
import type { Segment } from "@potok/web/gen/potok/transcription/v1/transcript_pb.ts";
import { moment, share } from "../shell/formats.ts";
import { Card, Meter } from "../ui/parts.tsx";
import { Jump } from "./jump.tsx";
import { t } from "./texts.ts";

export function Summary({ analysis, segments }: { analysis: MeetingAnalysis; segments: readonly Segment[] }) {
  return (
    <Card title={t().summary} aside={<span class="as-of">{t().judge(analysis.judge)} · {moment(analysis.createTime)}</span>}>
      <p class="narrative">{analysis.summary}</p>
      <div class="stack-small">
        <h3>{t().decisions}</h3>
        {analysis.decisions.length === 0 && <p class="soft">{t().noDecisions}</p>}
        <ul class="tasks">
          {analysis.decisions.map((decision, index) => (
            <li key={index}>
              {decision.text !== decision.quote && <p>{decision.text}</p>}
              <Jump quoted={decision} segments={segments} />
            </li>
          ))}
        </ul>
      </div>
      {analysis.speakers.length > 0 && (
        <div class="stack-small">
          <h3>{t().speakers}</h3>
          {analysis.speakers.map((each) => (
            <div key={each.speakerName} class="stack-small">
              <div class="row spread small">
                <span>{each.speakerName}</span>
                <span class="soft">{share(each.share)} · {t().words(each.words)}</span>
              </div>
              <Meter label={each.speakerName} parts={[{ share: each.share, tone: "busy" }]} />
            </div>
          ))}
        </div>
      )}
    </Card>
  );
}
