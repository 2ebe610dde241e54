// What a chart shows, and how Chart.js is told. Pure.

import type { ChartConfiguration } from "chart.js";

export interface Drawn {
  kind: "line" | "bar";
  labels: string[];
  series: {
    name: string;
    values: (number | null)[];
    /** Which bars are too weak to be judged by. */
    faint?: boolean[];
  }[];
}

export interface Palette {
  ink: string;
  line: string;
  accent: string;
  /** Of bars that are too weak to be judged by. */
  faint: string;
  /** One for each series, in turn. */
  series: string[];
  font: string;
}

/** The tokens a palette is read from. */
export const SERIES_TOKENS = ["--accent", "--busy", "--warn", "--stale", "--good", "--bad"] as const;

/** So many points can be told apart. */
const FEW_DAYS = 14;

/** Scores are 0 to 100, so that two charts can be compared by a look. */
export function configuration(drawn: Drawn, palette: Palette, ratio: number | undefined): ChartConfiguration<"line" | "bar"> {
  const across = drawn.kind === "bar";
  const few = drawn.labels.length <= FEW_DAYS;
  const grid = { color: palette.line, drawTicks: false };
  const ticks = { color: palette.ink, padding: 8, font: { family: palette.font, size: 12 } };
  const scores = { min: 0, max: 100, grid, border: { display: false }, ticks: { ...ticks, stepSize: 25 } };
  const names = { grid: { display: false }, border: { color: palette.line }, ticks: { ...ticks, autoSkip: true, maxRotation: 0 } };
  return {
    type: drawn.kind,
    data: {
      labels: drawn.labels,
      datasets: drawn.series.map((series, at) => {
        const colour = palette.series[at % palette.series.length] ?? palette.accent;
        return {
          label: series.name,
          data: series.values,
          borderColor: colour,
          backgroundColor: across ? series.values.map((_, bar) => (series.faint?.[bar] ? palette.faint : colour)) : colour,
          borderWidth: across ? 0 : at === 0 ? 3.5 : 1.5,
          ...(across ? { borderRadius: 6, maxBarThickness: 26 } : { pointRadius: few ? 3 : 0, pointHoverRadius: 5, tension: 0.25, spanGaps: true, clip: 6 }),
        };
      }),
    },
    options: {
      responsive: true,
      maintainAspectRatio: false,
      animation: false,
      indexAxis: across ? "y" : "x",
      ...(ratio === undefined ? {} : { devicePixelRatio: ratio }),
      scales: across ? { x: scores, y: names } : { x: names, y: scores },
      plugins: {
        legend: {
          display: drawn.series.length > 1,
          position: "bottom",
          labels: { color: palette.ink, usePointStyle: true, boxHeight: 7, font: { family: palette.font, size: 12 } },
        },
        tooltip: { mode: across ? "nearest" : "index", intersect: false },
      },
    },
  };
}
