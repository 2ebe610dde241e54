// Where a call is in one stage: an icon and a word; why, for pointers and for screen readers.

import { Ban, Check, CircleDashed, Clock, LoaderCircle, X } from "lucide";
import type { CallStage } from "@potok/web/gen/potok/call_sync/v1/listed_call_pb.ts";
import { ItemState } from "@potok/web/gen/potok/status/v1/stage_pb.ts";
import { itemStateName, itemTone, reasonName, stageName } from "../shell/words.ts";
import { Icon } from "../ui/icon.tsx";

const ICONS = {
  [ItemState.UNSPECIFIED]: CircleDashed,
  [ItemState.PENDING]: Clock,
  [ItemState.PROCESSING]: LoaderCircle,
  [ItemState.SUCCESS]: Check,
  [ItemState.FAILED]: X,
  [ItemState.SKIPPED]: Ban,
};

export function StageChip({ stage, named = false }: {
  stage: CallStage;
  /** With the name of the stage to be seen; without, it is in the tooltip. */
  named?: boolean;
}) {
  const why = stage.message || reasonName(stage.reason);
  const all = `${stageName(stage.stage)}: ${itemStateName(stage.state)}${why ? ` — ${why}` : ""}`;
  return (
    <span class={named ? "badge" : "badge stage-chip"} data-tone={itemTone(stage.state)} title={all}>
      <Icon of={ICONS[stage.state]} size={14} />
      {named && <span aria-hidden="true">{stageName(stage.stage)}</span>}
      <span class="visually-hidden">{all}</span>
    </span>
  );
}
