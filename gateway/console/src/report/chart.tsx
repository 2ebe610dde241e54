// A chart by Chart.js in the colours of the theme; drawn anew when that changes, and for print as sharp as paper is.

import {
  BarController,
  BarElement,
  CategoryScale,
  Chart as Canvas,
  Legend,
  LinearScale,
  LineController,
  LineElement,
  PointElement,
  Tooltip,
} from "chart.js";
import { useEffect, useRef, useState } from "preact/hooks";
import { theme } from "../shell/theme.ts";
import { configuration, type Drawn, type Palette, SERIES_TOKENS } from "./drawing.ts";

Canvas.register(
  BarController,
  BarElement,
  CategoryScale,
  Legend,
  LinearScale,
  LineController,
  LineElement,
  PointElement,
  Tooltip,
);

/** Pixels of a chart for each of the page on paper, which makes 288 to the inch. */
const PRINT_RATIO = 3;

export default function Chart({ drawn, label }: { drawn: Drawn; label: string }) {
  const frame = useRef<HTMLDivElement>(null);
  const [dark, setDark] = useState(isDark);
  useEffect(() => {
    const media = window.matchMedia("(prefers-color-scheme: dark)");
    const look = () => setDark(isDark());
    media.addEventListener("change", look);
    return () => media.removeEventListener("change", look);
  }, []);
  useEffect(() => {
    const element = frame.current!;
    let chart: Canvas | undefined;
    const draw = (palette: Palette, ratio?: number) => {
      chart?.destroy();
      chart = new Canvas(element.querySelector("canvas")!, configuration(drawn, palette, ratio));
    };
    const print = () => draw(onPaper(() => paletteOf(element)), PRINT_RATIO);
    const screen = () => draw(paletteOf(element));
    screen();
    window.addEventListener("beforeprint", print);
    window.addEventListener("afterprint", screen);
    return () => {
      window.removeEventListener("beforeprint", print);
      window.removeEventListener("afterprint", screen);
      chart?.destroy();
    };
  }, [drawn, dark, theme.value]);
  const height = drawn.kind === "bar" ? Math.max(9, drawn.labels.length * 2.6 + 3) : 18;
  return (
    <div class="chart" ref={frame} style={{ height: `${height}rem` }}>
      <canvas role="img" aria-label={label} />
    </div>
  );
}

function isDark(): boolean {
  return window.matchMedia("(prefers-color-scheme: dark)").matches;
}

/** Paper is light, whatever the theme is; the event comes before the style of print counts. */
function onPaper<Value>(read: () => Value): Value {
  const { style } = document.documentElement;
  style.colorScheme = "light";
  try {
    return read();
  } finally {
    style.removeProperty("color-scheme");
  }
}

/** Reads the colours of the tokens as they are on `element` now. */
function paletteOf(element: HTMLElement): Palette {
  const probe = element.appendChild(document.createElement("span"));
  const colour = (token: string) => {
    probe.style.color = `var(${token})`;
    return getComputedStyle(probe).color;
  };
  const palette = {
    ink: colour("--ink-soft"),
    line: colour("--line"),
    accent: colour("--accent"),
    faint: colour("--line-strong"),
    series: SERIES_TOKENS.map(colour),
    font: getComputedStyle(element).fontFamily,
  };
  probe.remove();
  return palette;
}
