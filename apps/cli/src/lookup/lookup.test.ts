import type { Client, Image } from "@berth/api";
import { describe, expect, test } from "vitest";
import { host, ids, image } from "../testing/samples.ts";
import { findImage } from "./image.ts";
import { parseImageReference, repositoryOn } from "./image-reference.ts";

const signal = new AbortController().signal;

describe("parseImageReference", () => {
  test.each([
    ["team/base", "team/base", undefined],
    ["team/base:1", "team/base", "1"],
    ["localhost:5000/team/base", "localhost:5000/team/base", undefined],
    ["localhost:5000/team/base:1.2-x", "localhost:5000/team/base", "1.2-x"],
    [`https://${host}/team/base:1`, `${host}/team/base`, "1"],
  ])("reads %s", (text, path, tag) => {
    expect(parseImageReference(text)).toEqual({ path, tag });
  });

  test.each(["", ":1", "team/base:", "team/base@sha256:00"])("refuses %j", (text) => {
    expect(() => parseImageReference(text)).toThrow();
  });
});

test("a host is a whole first part, whatever its case", () => {
  expect(repositoryOn("reg.example", "REG.example/team/base")).toBe("team/base");
  expect(repositoryOn("reg.example", "reg.example.evil/team/base")).toBeUndefined();
  expect(repositoryOn("reg.example", "reg.example")).toBeUndefined();
});

describe("findImage", () => {
  /** Answers like the API: images whose repository is exactly the one asked for, one a page. */
  const clientWith = (images: Image[]) =>
    ({
      listImages: async ({ query }: { query: { repository?: string; registryId?: string; cursor?: string } }) => {
        const matching = images.filter(
          (item) =>
            item.repository === query.repository && (!query.registryId || item.registry.id === query.registryId),
        );
        const at = Number(query.cursor ?? 0);
        return {
          items: matching.slice(at, at + 1),
          ...(at + 1 < matching.length ? { nextCursor: String(at + 1) } : {}),
        };
      },
      listRegistries: async () => ({ items: [{ id: ids.registry, name: "prod", registry: host }] }),
    }) as unknown as Client;
  const elsewhere = image({ id: ids.user, registry: { id: ids.organization, name: "other", host: "reg.example" } });
  const find = (images: Image[], name: string, registry?: string) =>
    findImage(clientWith(images), { name, registry }, signal);

  test("finds by repository, by host and repository, and keeps the tag", async () => {
    expect(await find([image()], "team/base:2")).toEqual({ image: image(), tag: "2" });
    expect(await find([image(), elsewhere], "reg.example/team/base")).toEqual({ image: elsewhere, tag: undefined });
    expect(await find([image(), elsewhere], "team/base", "prod")).toEqual({ image: image(), tag: undefined });
  });

  test("a repository whose first part looks like a host is found as well", async () => {
    const dotted = image({ repository: "my.team/base" });
    expect((await find([dotted], "my.team/base:1")).image).toEqual(dotted);
  });

  test("says which it could be, and never guesses", async () => {
    await expect(find([image(), elsewhere], "team/base")).rejects.toMatchObject({
      kind: "invalid",
      failure: { code: "AMBIGUOUS_NAME", detail: expect.stringMatching(/prod .*other/) },
    });
    await expect(find([image()], "team/bas")).rejects.toMatchObject({ kind: "notFound" });
    await expect(find([image()], "other.example/team/base")).rejects.toMatchObject({ kind: "notFound" });
  });
});
