import type { OutputStream } from "../io.ts";

type Paint = (text: string) => string;
export type Style = { red: Paint; green: Paint; yellow: Paint; dim: Paint; bold: Paint };

const wrap =
  (open: number, close: number): Paint =>
  (text) =>
    `\u001b[${open}m${text}\u001b[${close}m`;
const colors: Style = {
  red: wrap(31, 39),
  green: wrap(32, 39),
  yellow: wrap(33, 39),
  dim: wrap(2, 22),
  bold: wrap(1, 22),
};
const same: Paint = (text) => text;
const plain: Style = { red: same, green: same, yellow: same, dim: same, bold: same };

/** Colours for a terminal; none for anything else, or when NO_COLOR is set or the terminal is dumb. */
export function styleFor(stream: OutputStream, environment: { noColor: boolean; term: string | undefined }): Style {
  return stream.isTTY && !environment.noColor && environment.term !== "dumb" ? colors : plain;
}
