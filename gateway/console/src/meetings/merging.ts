// The bots of a list and what a watch says of them since. Pure.

import { timestampMs } from "@bufbuild/protobuf/wkt";
import type { BotStatus } from "@potok/web/gen/potok/status/v1/event_pb.ts";
import { BotState } from "@potok/web/gen/potok/status/v1/stage_pb.ts";

/** What may be asked for by one choice. */
export type Group = "all" | "meeting" | "processing" | "done" | "error";

export const GROUPS: Record<Group, readonly BotState[]> = {
  all: [],
  meeting: [BotState.INITIALIZED, BotState.CONNECTING, BotState.CONNECTED],
  processing: [BotState.TRANSCRIBING, BotState.ANALYZING_MEETING, BotState.CREATING_TASKS],
  done: [BotState.DONE],
  error: [BotState.ERROR],
};

/**
 * Returns the bots of a group in their newest state, the newest first. `complete` says that the list has no further page:
 * until then bots older than its last one are left to it.
 */
export function merged(
  listed: readonly BotStatus[],
  live: ReadonlyMap<string, BotStatus>,
  group: Group,
  text: string,
  complete: boolean,
): BotStatus[] {
  const bots = new Map(listed.map((bot) => [bot.botId, bot]));
  const oldest = complete ? -Infinity : Math.min(...listed.map(created));
  for (const bot of live.values()) {
    const known = bots.get(bot.botId);
    if (known ? changed(bot) >= changed(known) : created(bot) >= oldest) bots.set(bot.botId, bot);
  }
  const wanted = text.trim().toLowerCase();
  return [...bots.values()]
    .filter((bot) => group === "all" || GROUPS[group].includes(bot.state))
    .filter((bot) => [bot.botName, bot.meetUrl, bot.botId, bot.owner].some((each) => each.toLowerCase().includes(wanted)))
    .sort((one, other) => created(other) - created(one));
}

function created(bot: BotStatus): number {
  return bot.createTime ? timestampMs(bot.createTime) : 0;
}

function changed(bot: BotStatus): number {
  return bot.updateTime ? timestampMs(bot.updateTime) : 0;
}
