/** One way a server offers to authenticate: `Basic realm="…"`, `Bearer realm="…",service="…",scope="…"` (RFC 9110 §11.6.1). */
export type Challenge = {
  /** Lower case. */
  scheme: string;
  /** By lower-case name. */
  params: Readonly<Record<string, string>>;
  token68?: string;
};

const maxLength = 16 * 1024;
const token = /[!#$%&'*+.^_`|~0-9A-Za-z-]+/y;
const token68 = /[A-Za-z0-9._~+/-]+=*(?=\s*(?:,|$))/y;

/**
 * Reads a `WWW-Authenticate` header, with several challenges, quoted commas and escapes.
 * Reading stops at the first thing that is not in the grammar; what came before it counts.
 */
export function parseChallenges(header: string): Challenge[] {
  const scanner = new Scanner(header.slice(0, maxLength));
  const challenges: Challenge[] = [];
  for (;;) {
    scanner.skipSeparators();
    const scheme = scanner.take(token)?.toLowerCase();
    if (scheme === undefined) return challenges;
    scanner.skipBlanks();
    const lone = scanner.takeLone();
    const challenge = { scheme, params: lone === undefined ? readParams(scanner) : {} };
    challenges.push(lone === undefined ? challenge : { ...challenge, token68: lone });
  }
}

/** `name=value` pairs up to the next scheme, which is a token that no `=` follows. */
function readParams(scanner: Scanner): Record<string, string> {
  const params: Record<string, string> = Object.create(null);
  for (;;) {
    scanner.skipSeparators();
    const start = scanner.position;
    const name = scanner.take(token)?.toLowerCase();
    scanner.skipBlanks();
    if (name === undefined || !scanner.takeCharacter("=")) {
      scanner.position = start;
      return params;
    }
    scanner.skipBlanks();
    const value = scanner.takeQuoted() ?? scanner.take(token);
    if (value === undefined) return params;
    params[name] ??= value;
  }
}

class Scanner {
  position = 0;
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.position;
    const found = pattern.exec(this.#text)?.[0];
    if (found !== undefined) this.position += found.length;
    return found;
  }

  /** A token68 stands alone after its scheme; `realm=` would be one too if a value did not follow. */
  takeLone(): string | undefined {
    return this.take(token68);
  }

  takeCharacter(character: string): boolean {
    if (this.#text[this.position] !== character) return false;
    this.position++;
    return true;
  }

  takeQuoted(): string | undefined {
    if (this.#text[this.position] !== '"') return undefined;
    let value = "";
    for (let at = this.position + 1; at < this.#text.length; at++) {
      const character = this.#text[at];
      if (character === '"') {
        this.position = at + 1;
        return value;
      }
      value += character === "\\" ? (this.#text[++at] ?? "") : character;
    }
    // A string that never ends spoils the rest.
    this.position = this.#text.length;
    return undefined;
  }

  skipBlanks(): void {
    this.take(/[ \t]*/y);
  }

  skipSeparators(): void {
    this.take(/[ \t,]*/y);
  }
}
