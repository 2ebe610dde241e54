// Whether what is shown of meetings is still being told.

import { BotState } from "@potok/web/gen/potok/status/v1/stage_pb.ts";
import type { Live } from "../live/live.ts";
import { AsOf, Badge, type Tone } from "../ui/parts.tsx";
import { t } from "./texts.ts";

export function Told({ live }: { live: Live }) {
  const { state } = live.connection.value;
  return (
    <span class="row" role="status">
      {(state === "lost" || state === "ended") && <Badge tone="bad">{t().lost}</Badge>}
      <AsOf time={live.heardAt.value} />
    </span>
  );
}

/** The colour of a state of a bot. */
export function botTone(state: BotState): Tone {
  if (state === BotState.DONE) return "good";
  return state === BotState.ERROR ? "bad" : "busy";
}
