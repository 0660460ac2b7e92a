import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeExecParams, encodeExecParams, MAX_EXEC_HEADER_BYTES } from "./exec.ts";

const text = fc.string({ unit: "grapheme", maxLength: 40 }).filter((value) => !value.includes("\0"));

describe("exec parameters", () => {
  it("survive the header, whatever the arguments hold", () => {
    fc.assert(
      fc.property(
        fc.array(text, { minLength: 1 }),
        fc.dictionary(fc.stringMatching(/^[A-Z_]{1,9}$/), text),
        (command, env) => {
          const params = { command, env, tty: { columns: 80, rows: 24, term: "xterm-256color" }, cwd: "/srv/ü" };
          const header = encodeExecParams(params);
          expect(header).toMatch(/^[A-Za-z0-9_-]*$/);
          expect(decodeExecParams(header)).toEqual(params);
        },
      ),
    );
  });

  it("allow a login shell", () => {
    expect(decodeExecParams(encodeExecParams({ command: null }))).toEqual({ command: null });
  });

  it("are refused when they do not fit the header", () => {
    const command = ["echo", "x".repeat(MAX_EXEC_HEADER_BYTES)];
    expect(() => encodeExecParams({ command })).toThrow(expect.objectContaining({ code: "EXEC_PARAMS_TOO_LARGE" }));
  });

  it.each([
    ["no base64", "%%%"],
    ["no JSON", btoa("{")],
    ["an empty command", btoa('{"command":[]}')],
    ["a NUL in an argument", btoa('{"command":["a\\u0000b"]}')],
    ["an equals sign in a variable's name", btoa('{"command":["a"],"env":{"A=B":"c"}}')],
    ["a terminal of no size", btoa('{"command":["a"],"tty":{"columns":0,"rows":1,"term":"x"}}')],
  ])("are refused with %s", (_what, header) => {
    expect(() => decodeExecParams(header)).toThrow(expect.objectContaining({ code: "EXEC_PARAMS_INVALID" }));
  });
});
