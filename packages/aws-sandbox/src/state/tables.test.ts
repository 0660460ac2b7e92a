import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { z } from "zod";
import { Table, Tables } from "./tables.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), "tables-"));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function open() {
  const colours = new Table("colours", z.string());
  const state = new Tables(path.join(directory, "state.jsonl"), [colours]);
  return { colours, state };
}

test("what was committed is there again after a restart, and removals too", () => {
  const first = open();
  first.state.commit(first.colours.put("a", "1", "red"), first.colours.put("a", "2", "blue"));
  first.state.commit(first.colours.remove("a", "1"));
  first.state.close();
  const second = open();
  expect([...second.colours.entries("a")]).toEqual([["2", "blue"]]);
  second.state.close();
});

test("a transaction cut off in the middle never was, and later ones follow it cleanly", () => {
  const first = open();
  first.state.commit(first.colours.put("a", "1", "red"));
  first.state.close();
  appendFileSync(path.join(directory, "state.jsonl"), '[["colours","a","1","gre');
  const second = open();
  expect(second.colours.get("a", "1")).toBe("red");
  second.state.commit(second.colours.put("a", "2", "blue"));
  second.state.close();
  const third = open();
  expect([...third.colours.entries("a").values()]).toEqual(["red", "blue"]);
  third.state.close();
});

test("a restart leaves one line a record, readable by its owner alone", () => {
  const first = open();
  for (let i = 0; i < 100; i++) first.state.commit(first.colours.put("a", "1", `shade ${i}`));
  first.state.close();
  open().state.close();
  const file = path.join(directory, "state.jsonl");
  expect(readFileSync(file, "utf8").split("\n").filter(Boolean)).toHaveLength(1);
  expect(statSync(file).mode & 0o777).toBe(0o600);
});
