// A bot is sent to a meeting.

import { useRef, useState } from "preact/hooks";
import { bots } from "../shell/api.ts";
import { useDoing } from "../shell/doing.ts";
import { go, href } from "../shell/router.ts";
import { Control, onSubmit } from "../ui/form.tsx";
import { Card, Notice } from "../ui/parts.tsx";
import { faultOf, linkIn, type LinkFault } from "./link.ts";
import { t } from "./texts.ts";

const LANGUAGES = ["ru", "en", "de", "es", "fr"] as const;

export function Start() {
  const [fault, setFault] = useState<LinkFault>("");
  const doing = useDoing(["meet_url", "bot_name", "language"]);
  // What is sent twice with one of these is done once; a changed form is another request.
  const requestId = useRef(newRequestId());

  async function send(form: HTMLFormElement) {
    const typed = new FormData(form);
    const meetUrl = linkIn(String(typed.get("link")));
    const found = faultOf(meetUrl);
    setFault(found);
    if (found) return;
    const answer = await doing.run(() =>
      bots.triggerBot({
        meetUrl,
        botName: String(typed.get("name")).trim(),
        language: String(typed.get("language")),
        requestId: requestId.current,
      })
    );
    if (answer) go(href("meetings", answer.botId));
  }

  const refused = doing.fields.meet_url;
  return (
    <Card>
      <form
        class="form meeting-start"
        noValidate
        onSubmit={onSubmit((form) => void send(form))}
        onInput={() => {
          requestId.current = newRequestId();
          setFault("");
        }}
      >
        <Control
          label={t().link}
          help={t().linkHelp}
          refusal={t().fault[fault] || (refused ? t().refused : undefined)}
        >
          {(bound) => (
            <input {...bound} name="link" inputMode="url" autocomplete="off" placeholder="https://meet.google.com/abc-defg-hij" />
          )}
        </Control>
        <Control label={t().name} help={t().nameHelp} refusal={doing.fields.bot_name}>
          {(bound) => <input {...bound} name="name" maxLength={100} autocomplete="off" placeholder="Potok" />}
        </Control>
        <Control label={t().language} refusal={doing.fields.language}>
          {(bound) => (
            <select {...bound} name="language">
              <option value="">{t().languageDefault}</option>
              {LANGUAGES.map((each) => <option key={each} value={each}>{t().languages[each]}</option>)}
            </select>
          )}
        </Control>
        <button type="submit" class="button primary" disabled={doing.busy}>{doing.busy ? t().sending : t().send}</button>
        {(refused || doing.rest) && <div class="wide"><Notice tone="bad">{refused || doing.rest}</Notice></div>}
      </form>
    </Card>
  );
}

/** Unlike `crypto.randomUUID` this is there without TLS, too. */
function newRequestId(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((each) => each.toString(16).padStart(2, "0")).join("");
}
