import { describe, expect, it } from "vitest";
import { readImportedRepository, readRepository } from "./repository-input.ts";

const host = "123456789012.dkr.ecr.eu-west-1.amazonaws.com";

describe("readRepository", () => {
  it.each([
    ["team/base", "team/base"],
    [" team/base/ ", "team/base"],
    ["my.team/base", "my.team/base"],
    [`${host}/team/base`, "team/base"],
    [`https://${host}/team/base`, "team/base"],
    [`${host.toUpperCase()}/team/base`, "team/base"],
  ])("reads %j", (text, repository) => {
    expect(readRepository(text, host).repository).toBe(repository);
  });

  it.each([
    "999999999999.dkr.ecr.eu-west-1.amazonaws.com/team/base",
    `${host}.evil.example/team/base`,
    "https://docker.io/library/debian",
    "localhost:5000/team/base",
  ])("says that %j is another registry", (text) => {
    expect(() => readRepository(text, host)).toThrow(
      expect.objectContaining({ code: "REQUEST_INVALID", message: expect.stringContaining("another registry") }),
    );
  });

  it.each(["../../etc/passwd", "team//base", "Team/Base", "🐳", "a".repeat(10_000), "team/base;rm", "-team/base"])(
    "refuses %j",
    (text) => {
      expect(() => readRepository(text, host)).toThrow(expect.objectContaining({ code: "REFERENCE_MALFORMED" }));
    },
  );
});

describe("readImportedRepository", () => {
  it("takes a pasted tag that agrees with the one given", () => {
    expect(readImportedRepository(`${host}/team/base:1`, "1", host)).toBe("team/base");
  });

  it("refuses another tag, and a digest", () => {
    expect(() => readImportedRepository("team/base:2", "1", host)).toThrow(/names the tag 2, and the tag given is 1/);
    expect(() => readImportedRepository(`team/base@sha256:${"0".repeat(64)}`, "1", host)).toThrow(/by tag/);
  });
});
