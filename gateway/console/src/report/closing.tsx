// A recommendation is settled by the word of a person, with a comment.

import {
  type EmployeeRecommendation,
  RecommendationState,
} from "@potok/web/gen/potok/recommendations/v1/employee_recommendation_pb.ts";
import { useState } from "preact/hooks";
import { recommendations } from "../shell/api.ts";
import { useDoing } from "../shell/doing.ts";
import { Control } from "../ui/form.tsx";
import { Dialog, Notice } from "../ui/parts.tsx";
import { t } from "./texts.ts";

export function Closing({ of, as, onClose }: {
  of: EmployeeRecommendation;
  as: "done" | "dismissed";
  onClose: (changed: boolean) => void;
}) {
  const [comment, setComment] = useState("");
  const doing = useDoing(["comment"]);
  async function close() {
    const answer = await doing.run(() =>
      recommendations.closeRecommendation({
        owner: of.owner,
        recommendationId: of.id,
        state: as === "done" ? RecommendationState.DONE : RecommendationState.DISMISSED,
        comment,
      })
    );
    if (answer) onClose(true);
  }
  return (
    <Dialog
      title={t().closing[as]}
      onClose={() => onClose(false)}
      actions={
        <button type="button" class="button primary" disabled={doing.busy} onClick={() => void close()}>
          {as === "done" ? t().closeDone : t().dismiss}
        </button>
      }
    >
      <div class="stack">
        <p>{of.text}</p>
        <Control label={t().comment} help={t().commentHint} refusal={doing.fields.comment}>
          {(bound) => (
            <textarea
              {...bound}
              rows={3}
              maxLength={1000}
              value={comment}
              onInput={(event) => setComment(event.currentTarget.value)}
            />
          )}
        </Control>
        {doing.rest && <Notice tone="bad">{doing.rest}</Notice>}
      </div>
    </Dialog>
  );
}
