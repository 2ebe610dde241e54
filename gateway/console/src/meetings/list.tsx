// The bots that the user may see, live.

import type { BotStatus } from "@potok/web/gen/potok/status/v1/event_pb.ts";
import { useState } from "preact/hooks";
import type { Live } from "../live/live.ts";
import { bots } from "../shell/api.ts";
import { moment } from "../shell/formats.ts";
import { usePages } from "../shell/paging.ts";
import { href } from "../shell/router.ts";
import { isAdmin } from "../shell/session.ts";
import { botStateName } from "../shell/words.ts";
import { Choice } from "../ui/form.tsx";
import { Answered, Badge, Empty } from "../ui/parts.tsx";
import { type Group, GROUPS, merged } from "./merging.ts";
import { Start } from "./start.tsx";
import { WAY } from "./steps.ts";
import { t } from "./texts.ts";
import { botTone, Told } from "./told.tsx";

const NAMES = Object.keys(GROUPS) as Group[];

export function List({ live }: { live: Live }) {
  const [group, setGroup] = useState<Group>("all");
  const [text, setText] = useState("");
  const pages = usePages(
    async (pageToken, signal) => {
      const found = await bots.listBots({ states: [...GROUPS[group]], pageSize: 50, pageToken }, { signal });
      return { items: found.bots, next: found.nextPageToken };
    },
    [group],
  );
  return (
    <>
      <header class="page-head">
        <div>
          <h1>{t().title}</h1>
          <p class="soft">{t().intro}</p>
        </div>
        <Told live={live} />
      </header>
      <Start />
      <div class="row spread">
        <Choice
          label={t().filter}
          options={NAMES.map((value) => ({ value, label: t().group[value] }))}
          value={group}
          onChoose={setGroup}
        />
        <input
          type="search"
          class="meeting-search"
          aria-label={t().find}
          placeholder={t().find}
          value={text}
          onInput={(event) => setText(event.currentTarget.value)}
        />
      </div>
      <Answered answer={pages.answer}>
        {(listed) => {
          const shown = merged(listed, live.known.value.bots, group, text, !pages.more);
          if (shown.length === 0) {
            const anything = group !== "all" || text;
            return <Empty><strong>{anything ? t().noneFound : t().none}</strong>{!anything && t().noneHint}</Empty>;
          }
          return <ul class="meetings">{shown.map((bot) => <Row key={bot.botId} bot={bot} />)}</ul>;
        }}
      </Answered>
      {pages.more && (
        <button type="button" class="button" disabled={pages.asking} onClick={pages.more}>{t().more}</button>
      )}
    </>
  );
}

function Row({ bot }: { bot: BotStatus }) {
  const reached = WAY.indexOf(bot.state);
  return (
    <li>
      <a class="meeting-row" href={href("meetings", bot.botId)}>
        <span class="meeting-name">
          <strong>{bot.botName || t().recording}</strong>
          <span class="soft small">{bot.meetUrl.replace(/^https:\/\//, "") || bot.botId}</span>
        </span>
        <span class="soft small">
          {moment(bot.createTime)}
          {isAdmin.value && <span> · {bot.owner.replace(/^user:/, "")}</span>}
        </span>
        <span class="meeting-dots" aria-hidden="true">
          {WAY.map((state, index) => <i key={state} data-on={index <= reached ? "" : undefined} />)}
        </span>
        <Badge tone={botTone(bot.state)}>{botStateName(bot.state)}</Badge>
        {(bot.errorMessage || bot.detail) && <span class="small soft meeting-why">{bot.errorMessage || bot.detail}</span>}
      </a>
    </li>
  );
}
