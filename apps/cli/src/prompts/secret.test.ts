import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { askSecret, keysOf } from "./secret.ts";

const signal = new AbortController().signal;
const ask = (stdin: PassThrough) => askSecret({ io: { stdin } as never, signal }, "Secret: ", "The secret");
const piped = (...chunks: (string | Buffer)[]) => {
  const stdin = new PassThrough();
  for (const chunk of chunks) stdin.write(chunk);
  stdin.end();
  return stdin;
};

test.each([
  ["one line", ["s3cret\n"], "s3cret"],
  ["no line end", ["s3cret"], "s3cret"],
  ["a line from another system", ["s3cret\r\n"], "s3cret"],
  ["spaces, which may be part of it", [" s3 cret \nmore\n"], " s3 cret "],
  ["a character cut in two", [Buffer.from([0xc3]), Buffer.from([0xa9, 0x0a])], "é"],
])("takes %s from a pipe", async (_what, chunks, secret) => {
  expect(await ask(piped(...chunks))).toBe(secret);
});

test.each([
  ["nothing", []],
  ["an empty line", ["\n"]],
])("refuses %s", async (_what, chunks) => {
  await expect(ask(piped(...chunks))).rejects.toThrow("The secret is missing.");
});

test("refuses input without end", async () => {
  await expect(ask(piped("x".repeat(70_000)))).rejects.toMatchObject({ failure: { code: "INPUT_TOO_LONG" } });
});

test("understands keys, and takes no part of an arrow key for text", () => {
  expect(keysOf("a\u001b[D\u001bOP\u001b[1;5Cé\u007f\u0015\r\u0003\u0001")).toEqual([
    { kind: "text", text: "a" },
    { kind: "ignore" },
    { kind: "ignore" },
    { kind: "ignore" },
    { kind: "text", text: "é" },
    { kind: "erase" },
    { kind: "clear" },
    { kind: "enter" },
    { kind: "interrupt" },
    { kind: "ignore" },
  ]);
});
