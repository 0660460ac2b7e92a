/** East Asian wide and fullwidth blocks, and emoji, which take two cells (Unicode UAX #11, coarsely). */
const wide =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1f64f}\u{1f680}-\u{1f6ff}\u{1f900}-\u{1f9ff}\u{1fa70}-\u{1faff}\u{20000}-\u{3fffd}]/u;
const mark = /\p{M}/u;
const escapes = new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m`, "g");

/** How many cells a terminal needs for printable text; our own colours need none. */
export function displayWidth(text: string): number {
  let width = 0;
  for (const character of text.replace(escapes, "")) width += mark.test(character) ? 0 : wide.test(character) ? 2 : 1;
  return width;
}

/** Adds spaces up to `width` cells. */
export function padEnd(text: string, width: number): string {
  return text + " ".repeat(Math.max(0, width - displayWidth(text)));
}

/** As `padEnd`, at the left. */
export function padStart(text: string, width: number): string {
  return " ".repeat(Math.max(0, width - displayWidth(text))) + text;
}

/** Cuts plain text to `width` cells, the last one an ellipsis. */
export function truncate(text: string, width: number): string {
  if (displayWidth(text) <= width) return text;
  let cut = "";
  for (const character of text) {
    if (displayWidth(cut + character) > width - 1) break;
    cut += character;
  }
  return `${cut}…`;
}
