import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { RegistryError } from "./errors.ts";
import {
  formatReference,
  isRepositoryName,
  isTag,
  parseReference,
  parseRegistryName,
  parseRepositoryReference,
} from "./reference.ts";

const ecr = "123456789012.dkr.ecr.us-east-1.amazonaws.com";
const digest = `sha256:${"a".repeat(64)}` as const;

function failureOf(action: () => unknown): RegistryError {
  try {
    action();
  } catch (error) {
    if (error instanceof RegistryError) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}

describe("parseReference", () => {
  test.each([
    [`${ecr}/team/base:1`, { registry: ecr, repository: "team/base", tag: "1" }],
    [`${ecr}/team/base`, { registry: ecr, repository: "team/base" }],
    [`${ecr}/team/base@${digest}`, { registry: ecr, repository: "team/base", digest }],
    [`${ecr}/team/base:v1.2@${digest}`, { registry: ecr, repository: "team/base", tag: "v1.2", digest }],
    [
      "127.0.0.1:5000/a_b/c__d/e---f.g:X_y.Z-1",
      { registry: "127.0.0.1:5000", repository: "a_b/c__d/e---f.g", tag: "X_y.Z-1" },
    ],
    [`  https://${ecr.toUpperCase()}/team/base:1\n`, { registry: ecr, repository: "team/base", tag: "1" }],
    ["localhost/ab", { registry: "localhost", repository: "ab" }],
  ])("reads %s", (text, parts) => {
    expect(parseReference(text)).toEqual(parts);
  });

  test.each([
    ["", "registry", 0],
    ["debian:12", "registry", 0],
    ["team/base:1", "registry", 0],
    [`${ecr}/`, "repository", ecr.length + 1],
    [`${ecr}/Team/base`, "repository", ecr.length + 1],
    [`${ecr}/team//base`, "repository", ecr.length + 6],
    [`${ecr}/team/../../etc/passwd`, "repository", ecr.length + 6],
    [`${ecr}/team/ba se`, "repository", ecr.length + 6],
    [`${ecr}/team/🚀`, "repository", ecr.length + 6],
    [`${ecr}/team/base___x`, "repository", ecr.length + 6],
    [`${ecr}/team/base-`, "repository", ecr.length + 6],
    [`${ecr}/a`, "repository", ecr.length + 1],
    [`${ecr}/${"a".repeat(257)}`, "repository", ecr.length + 1],
    [`${ecr}/team/base:`, "tag", ecr.length + 11],
    [`${ecr}/team/base:-x`, "tag", ecr.length + 11],
    [`${ecr}/team/base:${"x".repeat(129)}`, "tag", ecr.length + 11],
    [`${ecr}/team/base@sha256:abc`, "digest", ecr.length + 11],
    [`${ecr}/team/base@md5:${"a".repeat(32)}`, "digest", ecr.length + 11],
    [`user:pw@${ecr}/team/base`, "registry", 0],
    ["host:99999/team/base", "registry", 5],
    ["-bad-.example.com/team/base", "registry", 0],
    ["exämple.com/team/base", "registry", 0],
    ["x".repeat(10_000), "registry", 0],
  ])("refuses %s and says that it is the %s, and where", (text, part, at) => {
    const failure = failureOf(() => parseReference(text));
    expect(failure.code).toBe("REFERENCE_MALFORMED");
    expect(failure.evidence).toMatchObject({ part, at });
    expect(failure.message).toContain(part);
    expect(failure.message.length).toBeLessThan(200);
  });

  test("names the place also when a scheme was pasted", () => {
    expect(failureOf(() => parseReference("https://r.example/Team")).evidence.at).toBe("https://r.example/".length);
  });

  test("takes linear time on names made to backtrack", () => {
    const started = performance.now();
    for (const text of ["a-".repeat(128), "a__".repeat(85), `${"a/".repeat(127)}-`, "-".repeat(256)]) {
      for (let i = 0; i < 200; i++) expect(isRepositoryName(text)).toBe(false);
    }
    expect(performance.now() - started).toBeLessThan(2_000);
  });

  const component = fc.stringMatching(/^[a-z0-9]{1,6}(?:(?:\.|_|__|-{1,3})[a-z0-9]{1,6}){0,2}$/);
  const repository = fc
    .array(component, { minLength: 1, maxLength: 4 })
    .map((parts) => parts.join("/"))
    .filter((name) => name.length >= 2);
  const reference = fc.record(
    {
      registry: fc.constantFrom(ecr, "localhost:5000", "r.example"),
      repository,
      tag: fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,20}$/),
      digest: fc.constant(digest),
    },
    { requiredKeys: ["registry", "repository"] },
  );

  test("reads back what formatReference writes", () => {
    fc.assert(
      fc.property(reference, (parts) => {
        expect(parseReference(formatReference(parts))).toEqual(parts);
      }),
    );
  });

  test("never throws anything but REFERENCE_MALFORMED, and never lets a name through that could leave its path", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 80 }), (text) => {
        try {
          const { repository: name, tag = "x" } = parseReference(`r.example/${text}`);
          expect(name).toMatch(/^[a-z0-9._/-]+$/);
          expect(name.split("/")).not.toContain("..");
          expect(isTag(tag)).toBe(true);
        } catch (error) {
          expect((error as RegistryError).code).toBe("REFERENCE_MALFORMED");
        }
      }),
    );
  });
});

describe("parseRepositoryReference", () => {
  test("reads a name whose registry is known", () => {
    expect(parseRepositoryReference(" team/base:1 ")).toEqual({ repository: "team/base", tag: "1" });
  });

  test("refuses 10 000 characters", () => {
    expect(failureOf(() => parseRepositoryReference("a".repeat(10_000))).message).toContain("longer than");
  });
});

describe("parseRegistryName", () => {
  test.each([
    [` HTTPS://${ecr}/ `, ecr],
    ["127.0.0.1:05000", "127.0.0.1:5000"],
  ])("reads %s", (text, name) => {
    expect(parseRegistryName(text)).toBe(name);
  });

  test.each(["", "https://", `${ecr}/team`, "a b.example", "host"])("refuses %j", (text) => {
    expect(failureOf(() => parseRegistryName(text)).code).toBe("REFERENCE_MALFORMED");
  });
});
