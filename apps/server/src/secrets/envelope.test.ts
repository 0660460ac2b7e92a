import { randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { SecretBox } from "./envelope.ts";
import { sealKeyCheck, verifyKeyCheck } from "./key-check.ts";
import { makeKeyFile, readKeyFile } from "./key-file.ts";
import { parseKeyring } from "./keyring.ts";

const newKey = () => randomBytes(32).toString("base64");
const box = (...keys: string[]) => new SecretBox(parseKeyring(keys.join(",")));

describe("SecretBox", () => {
  const key = newKey();

  test("opens what it sealed, and shows nothing of it", () => {
    const envelope = box(key).seal("s3cret-canary", "registry/1");
    expect(envelope.toString("latin1")).not.toContain("s3cret");
    expect(box(key).open(envelope, "registry/1")).toBe("s3cret-canary");
  });

  test("seals one secret differently each time", () => {
    expect(box(key).seal("same", "a").equals(box(key).seal("same", "a"))).toBe(false);
  });

  test("does not open an envelope moved to another record", () => {
    expect(() => box(key).open(box(key).seal("x", "registry/1"), "registry/2")).toThrow(/another record/);
  });

  test("notices every flipped bit and every cut", () => {
    const envelope = box(key).seal("x", "r");
    for (let index = 0; index < envelope.length; index += 1) {
      const flipped = Buffer.from(envelope);
      flipped[index] = (flipped[index] ?? 0) ^ 1;
      expect(() => box(key).open(flipped, "r")).toThrow();
      expect(() => box(key).open(envelope.subarray(0, index), "r")).toThrow();
    }
  });

  test("an older key of the ring still opens, and the newest seals", () => {
    const newer = newKey();
    const rotated = box(newer, key);
    expect(rotated.open(box(key).seal("old", "r"), "r")).toBe("old");
    expect(() => box(key).open(rotated.seal("new", "r"), "r")).toThrow(/does not have/);
  });

  test.each(["", "short", `${newKey()}!`, randomBytes(16).toString("base64")])("refuses the key %j", (text) => {
    expect(() => parseKeyring(text)).toThrow(/secret key/);
  });
});

test("a database of another key is refused in a sentence", () => {
  const check = sealKeyCheck(box(newKey()));
  expect(() => verifyKeyCheck(box(newKey()), check)).toThrow(/not the one this database was set up with/);
});

test("the key file is made once, for its owner only, even when two start at once", async () => {
  const directory = await mkdtemp(path.join(tmpdir(), "berth-key-"));
  try {
    const file = path.join(directory, "secret.key");
    expect(await readKeyFile(file)).toBeUndefined();
    const made = await Promise.all([makeKeyFile(file), makeKeyFile(file)]);
    expect(new Set([...made, await readFile(file, "utf8")]).size).toBe(1);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    parseKeyring(await readFile(file, "utf8"));
  } finally {
    await rm(directory, { recursive: true });
  }
});

test("a key file that others may read is closed to them", async () => {
  const directory = await mkdtemp(path.join(tmpdir(), "berth-key-"));
  try {
    const file = path.join(directory, "secret.key");
    await writeFile(file, newKey(), { mode: 0o644 });
    await readKeyFile(file);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
  } finally {
    await rm(directory, { recursive: true });
  }
});
