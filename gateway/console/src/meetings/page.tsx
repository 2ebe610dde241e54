// Meetings: a bot is sent, all are listed, and one is shown; live by a watch of their own while they are looked at.

import { useEffect, useMemo } from "preact/hooks";
import { openLive } from "../live/live.ts";
import { segments } from "../shell/router.ts";
import { List } from "./list.tsx";
import { Meeting } from "./meeting.tsx";
import "./meetings.css";

export default function Page() {
  const live = useMemo(() => {
    const today = new Date().toISOString().slice(0, 10);
    return openLive({ clientIds: [], ledger: { startDate: today, endDate: today } });
  }, []);
  useEffect(() => live.close, [live]);
  const botId = segments.value[1];
  return botId ? <Meeting key={botId} botId={botId} live={live} /> : <List live={live} />;
}
