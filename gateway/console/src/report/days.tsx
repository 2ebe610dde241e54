// The days that the report is about.

import { type Preset, presetRange, range } from "../shell/selection.ts";
import { Choice } from "../ui/form.tsx";
import { Field } from "../ui/parts.tsx";
import { t } from "./texts.ts";

const PRESETS: readonly Preset[] = ["yesterday", "lastWeek", "thisMonth", "lastMonth"];

export function DayChoice() {
  const { start, end } = range.value;
  const chosen = PRESETS.find((each) => {
    const days = presetRange(each);
    return days.start === start && days.end === end;
  });
  return (
    <div class="row no-print">
      <Choice<Preset | "">
        label={t().presets}
        options={PRESETS.map((value) => ({ value, label: t().preset[value] }))}
        value={chosen ?? ""}
        onChoose={(preset) => preset && (range.value = presetRange(preset))}
      />
      <Field label={t().from}>
        <input type="date" value={start} max={end} required onChange={(event) => choose(event.currentTarget.value, end)} />
      </Field>
      <Field label={t().to}>
        <input type="date" value={end} min={start} required onChange={(event) => choose(start, event.currentTarget.value)} />
      </Field>
    </div>
  );
}

/** Days of which one is being typed, or that end before they start, are no choice yet. */
function choose(start: string, end: string): void {
  if (start && end && start <= end) range.value = { start, end };
}
