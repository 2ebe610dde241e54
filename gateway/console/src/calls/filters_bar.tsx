// The filters of the list and of the search: they live in the address, so that a filtered list can be sent on.

import { ChevronDown, ListFilter, X } from "lucide";
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { CallFacet } from "@potok/web/gen/potok/call_sync/v1/listed_call_pb.ts";
import { calls } from "../shell/api.ts";
import { useAnswer } from "../shell/asking.ts";
import { number } from "../shell/formats.ts";
import { go, query, withQuery } from "../shell/router.ts";
import { owner, range } from "../shell/selection.ts";
import { directionName, itemStateName, stageName } from "../shell/words.ts";
import { Icon } from "../ui/icon.tsx";
import { DIRECTIONS, type FilterName, FILTERS, lastListed, NOBODY, setFilters, STAGES, STATES } from "./filters.ts";
import { label } from "./labels.ts";
import { t } from "./list_texts.ts";

type Option = readonly [value: string, name: string];

function set(name: FilterName, value: string): void {
  go(withQuery({ [name]: value, ...(name === "stage" && !value ? { state: "" } : {}) }), true);
}

function named<Value>(of: Readonly<Record<string, Value>>, name: (value: Value) => string): Option[] {
  return Object.entries(of).map(([value, each]): Option => [value, name(each)]);
}

export function Filters({ changes }: { changes: number }) {
  const days = range.value;
  const facets = useAnswer(
    (signal) =>
      calls.getCallFacets({ owner: owner.value, range: { startDate: days.start, endDate: days.end } }, { signal }),
    [owner.value, days, changes],
  ).value;
  const count = setFilters(query.value).length;
  const address = withQuery({});
  useEffect(() => {
    lastListed.value = address;
  }, [address]);
  const wide = useRef(window.matchMedia("(min-width: 60rem)").matches);
  return (
    <details class="filters" open={wide.current || undefined}>
      <summary>
        <Icon of={ListFilter} size={16} />
        {count ? t().set(count) : t().filters}
      </summary>
      <div class="filter-row">
        <Contact />
        <Choice name="employee" options={facetOptions(facets?.employees, (value) => value || t().nobody, NOBODY)} />
        <Choice name="direction" options={named(DIRECTIONS, directionName)} />
        <Choice name="answered" options={[["yes", t().yesAnswered], ["no", t().noAnswered]]} />
        <Choice name="recorded" options={[["yes", t().yesRecorded], ["no", t().noRecorded]]} />
        <Choice name="length" options={Object.entries(t().lengths)} />
        <Choice name="type" options={facetOptions(facets?.callTypes, (value) => label("call_types", value))} />
        <Choice name="outcome" options={facetOptions(facets?.outcomes, (value) => label("outcomes", value))} />
        <Choice name="sentiment" options={facetOptions(facets?.sentiments, (value) => label("sentiments", value))} />
        <Choice name="score" options={Object.entries(t().scores)} />
        <Choice name="stage" options={named(STAGES, stageName)} />
        {query.value.get("stage") && <Choice name="state" options={named(STATES, itemStateName)} />}
        {count > 0 && (
          <button type="button" class="button quiet small" onClick={reset}>
            <Icon of={X} size={15} />
            {t().reset}
          </button>
        )}
      </div>
    </details>
  );
}

export function reset(): void {
  go(withQuery(Object.fromEntries(FILTERS.map((each) => [each, ""]))), true);
}

function facetOptions(
  facets: readonly CallFacet[] | undefined,
  say: (value: string) => string,
  empty?: string,
): Option[] {
  return (facets ?? [])
    .filter((each) => each.value || empty)
    .map((each): Option => [each.value || empty!, `${say(each.value)} (${number(each.calls)})`]);
}

/** A choice of one value; one that only the address knows is shown as it is. */
function Choice({ name, options }: { name: FilterName; options: readonly Option[] }) {
  const value = query.value.get(name) ?? "";
  const known = !value || options.some(([each]) => each === value);
  return (
    <Pill name={name} set={Boolean(value)}>
      <select value={value} onChange={(event) => set(name, event.currentTarget.value)}>
        <option value="">{t().any}</option>
        {!known && <option value={value}>{value}</option>}
        {options.map(([each, label]) => <option key={each} value={each}>{label}</option>)}
      </select>
      <Icon of={ChevronDown} size={14} />
    </Pill>
  );
}

/** How long it is waited for another letter. */
const TYPED = 350;

function Contact() {
  const value = query.value.get("contact") ?? "";
  const [typed, setTyped] = useState(value);
  useEffect(() => setTyped(value), [value]);
  useEffect(() => {
    if (typed === value) return undefined;
    const timer = setTimeout(() => set("contact", typed.trim()), TYPED);
    return () => clearTimeout(timer);
  }, [typed]);
  return (
    <Pill name="contact" set={Boolean(value)}>
      <input
        type="search"
        value={typed}
        maxLength={64}
        placeholder={t().contactHint}
        onInput={(event) => setTyped(event.currentTarget.value)}
      />
    </Pill>
  );
}

function Pill({ name, set: isSet, children }: { name: FilterName; set: boolean; children: ComponentChildren }) {
  return (
    <label class="filter" data-set={isSet || undefined}>
      <span>{t().filter[name]}</span>
      {children}
    </label>
  );
}
