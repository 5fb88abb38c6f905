/** The sign of the page: a glass that looks, and in it the waves of a mark. */

export function emblem(): SVGSVGElement {
  const drawing = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  drawing.setAttribute("viewBox", "0 0 32 32");
  drawing.setAttribute("aria-hidden", "true");
  drawing.classList.add("emblem");
  const strokes = ["M21.6 21.6 28 28", "M24 14a10 10 0 1 1-3-7.1", "M9 12c1.7-2.5 3.3-2.5 5 0s3.3 2.5 5 0", "M9 17c1.7-2.5 3.3-2.5 5 0s3.3 2.5 5 0"];
  for (const stroke of strokes) {
    const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
    path.setAttribute("d", stroke);
    drawing.append(path);
  }
  return drawing;
}
