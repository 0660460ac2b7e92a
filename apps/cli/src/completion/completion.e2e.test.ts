import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { commands } from "../commands/index.ts";
import { resultOf } from "../testing/run-berth.ts";
import { completionScript } from "./scripts.ts";
import { completions } from "./words.ts";

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), "berth-completion-"));
  await writeFile(path.join(directory, "berth.bash"), completionScript("bash", await completions(commands)));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

/** What bash offers for the last of these words. */
async function offered(...words: string[]): Promise<string[]> {
  const script = `source ${directory}/berth.bash; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _berth; echo "\${COMPREPLY[@]}"`;
  const child = spawn("bash", ["--norc", "-c", script, "bash", "berth", ...words], { stdio: "pipe" });
  const { code, stdout, stderr } = await resultOf(child);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return stdout.trim().split(" ").filter(Boolean);
}

test.each([
  [["regi"], ["registries"]],
  [
    ["ws", "st"],
    ["start", "stop"],
  ],
  [
    ["workspaces", "st"],
    ["start", "stop"],
  ],
  [
    ["--output", "json", "tokens", ""],
    ["ls", "create", "rm"],
  ],
  [["create", "dev", "--im"], ["--image"]],
  [["ws", "rm", "dev", "--y"], ["--yes"]],
  [["exec", "dev", "--", "l"], []],
  [["ssh", "d"], []],
])("bash completes %j with %j", async (words, expected) => {
  expect(await offered(...words)).toEqual(expected);
});
