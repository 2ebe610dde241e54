// How a place is brought into view inside of its own region, so that the page around it stays where it is.

const still = window.matchMedia("(prefers-reduced-motion: reduce)");

/** The part of the region that is comfortable to read, and where a place comes that is not in it. */
const [FIRST, LAST, AT] = [0.12, 0.7, 0.3];

/** Scrolls `region` where `place` is not comfortably in it. */
export function intoView(region: HTMLElement, place: Element): void {
  const distance = off(region, place);
  if (distance === 0) return;
  const near = Math.abs(distance) < region.clientHeight * 1.5;
  region.scrollBy({ top: distance, behavior: near && !still.matches ? "smooth" : "instant" });
}

function off(region: HTMLElement, place: Element): number {
  const [outer, inner] = [region.getBoundingClientRect(), place.getBoundingClientRect()];
  const top = inner.top - outer.top;
  if (top >= outer.height * FIRST && top <= outer.height * LAST) return 0;
  return top - outer.height * AT;
}
