/** Controls, bidirectional and other invisible format characters, line separators, lone surrogates. */
const hidden = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

function escaped(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u{${code.toString(16)}}`;
}

/**
 * Makes text from elsewhere safe to print on one line: what a terminal would obey or a reader could not see is spelled
 * out, as `\x1b`.
 */
export function visible(text: string): string {
  return text.replace(hidden, escaped);
}

/** As `visible`, keeping line breaks and tabs. */
export function visibleText(text: string): string {
  return text.replace(hidden, (character) =>
    character === "\n" || character === "\t" ? character : escaped(character),
  );
}

/** JSON that a terminal can be shown: the same data, with everything a terminal might obey written as `\uXXXX`. */
export function visibleJson(value: unknown, indent = 2): string {
  return JSON.stringify(value, null, indent).replace(hidden, (character) =>
    character === "\n"
      ? character
      : [...Array(character.length).keys()]
          .map((at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, "0")}`)
          .join(""),
  );
}
