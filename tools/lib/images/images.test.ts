import { expect, test } from "vitest";
import { debianDockerfile } from "./debian-image.ts";
import { packContext, untar } from "./pack-context.ts";

test("a Debian image runs as its user, whatever the base called uid 1000", () => {
  const lines = debianDockerfile({ user: "coder", instructions: ["ENV EDITOR=vi"] }).split("\n");
  expect(lines.slice(0, 2)).toEqual(["ARG BASE", "FROM $" + "{BASE}"]);
  expect(lines.indexOf("ENV EDITOR=vi")).toBeLessThan(lines.indexOf("USER coder"));
  expect(lines.find((line) => line.includes("useradd"))).toMatch(/userdel .*; useradd --uid 1000 .* coder$/);
});

test("what was packed can be unpacked", async () => {
  const archive = await packContext({ Dockerfile: "FROM scratch\n" });
  expect(String(await untar(archive, "./Dockerfile"))).toBe("FROM scratch\n");
});
