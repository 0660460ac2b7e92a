import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findProgram } from "./find-program.ts";

describe("finding a program", () => {
  let root = "";
  beforeAll(async () => {
    root = await mkdtemp(path.join(tmpdir(), "berth-find-"));
    await mkdir(path.join(root, "first/tool"), { recursive: true });
    await mkdir(path.join(root, "second"));
    const put = async (name: string, text: string, mode: number) => {
      await writeFile(path.join(root, name), text);
      await chmod(path.join(root, name), mode);
    };
    await put("second/tool", "#!/bin/sh\n", 0o755);
    await put("first/plain", "text", 0o644);
    await put("second/plain", "#!/bin/sh\n", 0o755);
    await put("second/orphan", "#! /nowhere/python -u\n", 0o755);
    await put("second/notes", "text", 0o644);
  });
  afterAll(() => rm(root, { recursive: true, force: true }));
  const find = (name: string) => findProgram(name, `${root}/first:${root}/second`, root);

  it("passes over directories and files that cannot be run", () => {
    expect(find("tool")).toBe(path.join(root, "second/tool"));
    expect(find("plain")).toBe(path.join(root, "second/plain"));
  });
  it("takes a path as it is, from the working directory", () => {
    expect(find("./second/tool")).toBe(path.join(root, "second/tool"));
  });
  it.each([
    ["absent", "COMMAND_NOT_FOUND"],
    ["", "COMMAND_NOT_FOUND"],
    ["./tool", "COMMAND_NOT_FOUND"],
    ["second/tool/more", "COMMAND_NOT_FOUND"],
    ["./first", "COMMAND_NOT_EXECUTABLE"],
    ["notes", "COMMAND_NOT_EXECUTABLE"],
    ["orphan", "COMMAND_NOT_EXECUTABLE"],
  ])("refuses %j with %s", (name, code) => {
    expect(() => find(name)).toThrow(expect.objectContaining({ code }));
  });
  it("names the interpreter that is missing", () => {
    expect(() => find("orphan")).toThrow(/\/nowhere\/python/);
  });
});
