// What somebody is to do after a meeting.

import type { MeetingTasks } from "@potok/web/gen/potok/recommendations/v1/meeting_tasks_pb.ts";
import type { Segment } from "@potok/web/gen/potok/transcription/v1/transcript_pb.ts";
import { day, moment } from "../shell/formats.ts";
import { Badge, Card, type Tone } from "../ui/parts.tsx";
import { Jump } from "./jump.tsx";
import { t } from "./texts.ts";

const TONES: Record<string, Tone> = { high: "bad", medium: "warn", low: "plain" };

export function Tasks({ meeting, segments }: { meeting: MeetingTasks; segments: readonly Segment[] }) {
  return (
    <Card
      title={`${t().tasks} · ${meeting.tasks.length}`}
      aside={<span class="as-of">{t().judge(meeting.judge)} · {moment(meeting.createTime)}</span>}
    >
      {meeting.tasks.length === 0 && <p class="soft">{t().noTasks}</p>}
      <ul class="tasks">
        {meeting.tasks.map((task, index) => (
          <li key={index}>
            <div class="row spread">
              <strong>{task.title}</strong>
              <Badge tone={TONES[task.priority] ?? "plain"}>
                {t().priority[task.priority as "high" | "medium" | "low"] ?? task.priority}
              </Badge>
            </div>
            <p class="small">
              <span class={task.assignee ? "" : "soft"}>{task.assignee || t().nobody}</span>
              <span class="soft"> · {task.dueDate ? t().due(day(task.dueDate, "long")) : t().noDue}</span>
            </p>
            {task.description !== task.quote && task.description !== task.title && <p class="soft">{task.description}</p>}
            <Jump quoted={task} segments={segments} />
          </li>
        ))}
      </ul>
      {meeting.evidenceFlags.length > 0 && (
        <details>
          <summary class="small">{t().flags}</summary>
          <ul class="small soft">{meeting.evidenceFlags.map((flag) => <li key={flag}>{flag}</li>)}</ul>
        </details>
      )}
    </Card>
  );
}
