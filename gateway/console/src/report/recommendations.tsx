// What employees should do better, and what people decided about it.

import {
  type EmployeeRecommendation,
  RecommendationState,
} from "@potok/web/gen/potok/recommendations/v1/employee_recommendation_pb.ts";
import { useState } from "preact/hooks";
import { recommendations } from "../shell/api.ts";
import { day } from "../shell/formats.ts";
import { skillTitle } from "../shell/labels.ts";
import { useDoing } from "../shell/doing.ts";
import { usePages } from "../shell/paging.ts";
import { owner } from "../shell/selection.ts";
import { Choice } from "../ui/form.tsx";
import { Answered, AsOf, Badge, Card, Notice, type Tone } from "../ui/parts.tsx";
import { Closing } from "./closing.tsx";
import { QuoteLink } from "./quote.tsx";
import { t, who } from "./texts.ts";

type StateName = "open" | "done" | "dismissed" | "expired";

const STATES: Record<StateName, { state: RecommendationState; tone: Tone }> = {
  open: { state: RecommendationState.OPEN, tone: "warn" },
  done: { state: RecommendationState.DONE, tone: "good" },
  dismissed: { state: RecommendationState.DISMISSED, tone: "plain" },
  expired: { state: RecommendationState.EXPIRED, tone: "stale" },
};
/** No employee is called so. */
const EVERYBODY = "*";
const NAMES = Object.keys(STATES) as StateName[];

/** `employees` can be chosen among; those of whom nobody knows are the empty name. */
export function Recommendations({ employees }: { employees: readonly string[] }) {
  const [filter, setFilter] = useState<StateName | "all">("open");
  const [chosen, choose] = useState(EVERYBODY);
  const employee = employees.includes(chosen) ? chosen : undefined;
  const pages = usePages(
    async (pageToken, signal) => {
      const states = filter === "all" ? [] : [STATES[filter].state];
      const found = await recommendations.listRecommendations(
        { owner: owner.value, states, ...(employee === undefined ? {} : { employee }), pageSize: 50, pageToken },
        { signal },
      );
      return { items: found.recommendations, next: found.nextPageToken };
    },
    [owner.value, filter, employee],
  );
  return (
    <Card
      title={t().recommendations}
      aside={
        <div class="row no-print">
          <Choice
            label={t().filterState}
            options={([...NAMES, "all"] as const).map((value) => ({ value, label: t().state[value] }))}
            value={filter}
            onChoose={setFilter}
          />
          {employees.length > 0 && (
            <select aria-label={t().employee} value={employee ?? EVERYBODY} onChange={(event) => choose(event.currentTarget.value)}>
              <option value={EVERYBODY}>{t().everyone}</option>
              {employees.map((each) => <option key={each} value={each}>{who(each)}</option>)}
            </select>
          )}
        </div>
      }
    >
      <p class="soft small">{t().recommendationsHint} <AsOf time={pages.answer.asOf} /></p>
      <Answered answer={pages.answer}>
        {(found) => (
          <>
            {found.length === 0 && <p class="soft">{t().noRecommendations}</p>}
            <ul class="advice">
              {found.map((each) => <Advice key={each.id} of={each} onChanged={pages.answer.again} />)}
            </ul>
            {pages.more && (
              <button type="button" class="button no-print" disabled={pages.asking} onClick={pages.more}>{t().more}</button>
            )}
          </>
        )}
      </Answered>
    </Card>
  );
}

function Advice({ of, onChanged }: { of: EmployeeRecommendation; onChanged: () => void }) {
  const [closing, setClosing] = useState<"done" | "dismissed" | undefined>();
  const reopening = useDoing();
  const name = NAMES.find((each) => STATES[each].state === of.state) ?? "open";
  const done = of.followThrough;
  return (
    <li class="advice-one">
      <div class="spread">
        <span class="row">
          <strong>{who(of.employee)}</strong>
          <span class="soft">{skillTitle(of.skill)}</span>
          <Badge tone={STATES[name].tone}>{t().stateOne[name]}</Badge>
          {of.priority > 0 && name === "open" && <span class="soft small">{t().urgent(of.priority)}</span>}
        </span>
        <span class="row no-print">
          {name === "open" && (
            <>
              <button type="button" class="button small" onClick={() => setClosing("done")}>{t().closeDone}</button>
              <button type="button" class="button small quiet" onClick={() => setClosing("dismissed")}>{t().dismiss}</button>
            </>
          )}
          {of.closedBy && (
            <button
              type="button"
              class="button small"
              disabled={reopening.busy}
              onClick={() =>
                void reopening
                  .run(() => recommendations.reopenRecommendation({ owner: of.owner, recommendationId: of.id }))
                  .then((answer) => answer && onChanged())}
            >
              {t().reopen}
            </button>
          )}
        </span>
      </div>
      {reopening.rest && <Notice tone="bad">{reopening.rest}</Notice>}
      <p>{of.text}</p>
      <p class="soft small">{of.why}</p>
      <p class="soft small">
        {[
          t().advised(of.advisedCalls, day(of.advisedDay)),
          done && done.followed + done.partly + done.notFollowed > 0 && t().followed(done.followed, done.partly, done.notFollowed),
          name === "open" && of.expiresDay && t().expires(day(of.expiresDay, "long")),
          of.closedBy && t().closedBy(of.closedBy, day(of.closedDay)),
          !of.closedBy && of.closedDay && name === "done" && t().closedByCalls(day(of.closedDay)),
        ].filter(Boolean).join(" · ")}
      </p>
      {of.comment && <blockquote class="comment">{of.comment}</blockquote>}
      {of.quotes.length > 0 && (
        <ul class="quotes" aria-label={t().evidence}>
          {of.quotes.map((quote) => <QuoteLink key={quote.callId + quote.text} quote={quote} />)}
        </ul>
      )}
      {closing && (
        <Closing
          of={of}
          as={closing}
          onClose={(changed) => {
            setClosing(undefined);
            if (changed) onChanged();
          }}
        />
      )}
    </li>
  );
}
