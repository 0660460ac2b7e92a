import { describe, expect, test } from "vitest";
import { allCommands, findRoute } from "./command-tree.ts";
import { commands } from "./commands/index.ts";
import { parseCommandLine } from "./program.ts";

const parse = (line: string) =>
  parseCommandLine(commands, line.split(" ").filter(Boolean), { version: "1.2.3", columns: 80 });

describe("parseCommandLine", () => {
  test("reads options before, between and after the words", async () => {
    const before = await parse("--output json --url http://x images import a/b:1 --cpu 0.5");
    const after = await parse("images import --cpu=0.5 a/b:1 -o json --url=http://x");
    expect(before).toEqual(after);
    expect(before).toMatchObject({
      kind: "run",
      output: "json",
      url: "http://x",
      arguments: { reference: "a/b:1" },
      options: { cpu: 0.5, memory: undefined },
    });
  });

  test("knows aliases", async () => {
    const long = await parse("workspaces ls --status running");
    expect(await parse("ws ls --status running")).toEqual(long);
  });

  test("leaves everything after the first -- to the command", async () => {
    expect(await parse("exec dev -t -- sh -- --help -t")).toMatchObject({
      arguments: { workspace: "dev" },
      options: { tty: true },
      rest: ["sh", "--", "--help", "-t"],
    });
  });

  test("collects repeatable options, and checks each", async () => {
    expect(await parse("tokens create t --scope images:read --scope audit:read")).toMatchObject({
      options: { scope: ["images:read", "audit:read"] },
    });
    await expect(parse("tokens create t --scope images:read --scope everything")).rejects.toThrow("everything");
  });

  test.each([
    ["registries", "`berth registries` needs a command."],
    ["ws lss", "Did you mean ls?"],
    ["frobnicate", "Unknown command 'frobnicate'."],
    ["create dev", "'--image <image>' not specified"],
    ["create dev --image a --cpu two", "It must be a number."],
    ["images edit a --disk 1.5", "It must be a whole number."],
    ["images edit a --disk -1", "It must be a whole number."],
    ["users edit a --role king", "Allowed choices are admin, manager, auditor, member."],
    ["whoami extra", "Too many arguments"],
    ["whoami -- extra", "takes nothing after"],
    ["whoami -o yaml", "Allowed choices are table, json."],
    ["ssh dev", "Unknown command 'ssh'"],
    ["registries add prod --registry h --secret-access-key x", "Unknown option '--secret-access-key'."],
  ])("refuses `berth %s` as a mistake of the caller", async (line, sentence) => {
    await expect(parse(line)).rejects.toMatchObject({
      kind: "invalid",
      failure: { code: "USAGE", detail: expect.stringContaining(sentence) },
    });
  });

  test.each(["--version", "ws --help", "ws ls -h", "", "sandbox --help", "help", "help ws ls"])(
    "prints for `berth %s`",
    async (line) => {
      expect(await parse(line)).toMatchObject({ kind: "print", text: expect.stringMatching(/Usage: berth|1\.2\.3/) });
    },
  );

  test("`berth sandbox` runs by itself and has a command of its own", async () => {
    const own = await parse("sandbox");
    const reset = await parse("sandbox reset");
    expect(own.kind === "run" && own.command.summary).toContain("local AWS");
    expect(reset.kind === "run" && reset.command.summary).toContain("Delete everything");
  });
});

describe("every command", () => {
  test("has a summary, help and examples that its own parser accepts", async () => {
    const all = await allCommands(commands);
    expect(all.length).toBeGreaterThan(40);
    for (const { words, command } of all) {
      expect(command.summary, words.join(" ")).toMatch(/^[A-Z].*[^.]$/);
      expect(command.examples.length, words.join(" ")).toBeGreaterThan(0);
      expect(await parse([...words, "--help"].join(" "))).toMatchObject({ text: expect.stringContaining("Examples:") });
      for (const example of command.examples) {
        for (const line of berthLinesOf(example.command)) await expect(parse(line), line).resolves.toBeDefined();
      }
    }
  });

  test("takes no secret as an option", async () => {
    for (const { words, command } of await allCommands(commands)) {
      for (const { flags } of Object.values(command.options ?? {})) {
        if (/secret|password|token/.test(flags)) expect(flags, words.join(" ")).not.toContain("<");
      }
    }
  });

  test("is found by its words", async () => {
    for (const { words } of await allCommands(commands)) {
      expect(findRoute(commands, words).path.map(({ name }) => name)).toEqual(words);
    }
  });
});

/** The calls of berth in an example of a shell, without redirections and what they are piped to. */
function berthLinesOf(command: string): string[] {
  return command
    .split(/&&|\||;|\(|\)/)
    .map((part) =>
      part
        .replace(/'[^']*'/g, "x")
        .replace(/[<>] *\S+/g, "")
        .trim(),
    )
    .flatMap((part) => /^(?:[A-Z_]+=\S+ )?berth (.*)$/.exec(part)?.[1] ?? []);
}
