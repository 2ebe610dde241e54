// A text cut where parts of it are to be shown otherwise. Spans count Unicode code points, strings here UTF-16. Pure.

export interface Span {
  start: number;
  end: number;
}

export interface Piece {
  text: string;
  marked: boolean;
}

/** Returns `text` in pieces, those that a span covers marked; spans may overlap, be unordered or reach too far. */
export function pieces(text: string, spans: readonly Span[]): Piece[] {
  const points = Array.from(text);
  const marked = new Array<boolean>(points.length).fill(false);
  for (const { start, end } of spans) marked.fill(true, Math.max(0, start), Math.max(0, end));
  const found: Piece[] = [];
  points.forEach((point, index) => {
    const last = found.at(-1);
    if (last && last.marked === marked[index]) last.text += point;
    else found.push({ text: point, marked: marked[index]! });
  });
  return found;
}
