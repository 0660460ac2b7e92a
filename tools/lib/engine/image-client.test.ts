import { expect, test } from "vitest";
import { pullRefusal } from "./image-client.ts";

const name = { repository: "public.ecr.aws/docker/library/debian", tag: "bookworm-slim" };

test.each([
  ['Get "https://public.ecr.aws/v2/": dial tcp: lookup public.ecr.aws on 10.0.0.2:53: no such host', /cannot reach/],
  ["write /var/lib/docker/tmp/x: no space left on device", /too full/],
  ["toomanyrequests: Rate exceeded", /patience/],
  ["manifest for public.ecr.aws/docker/library/debian:bookworm-slim not found", /has no/],
])("says in its own words that %s", (words, sentence) => {
  const said = pullRefusal(name, new Error(words));
  expect(said).toMatch(sentence);
  expect(said).not.toMatch(/dial tcp|10\.0|var\/lib/);
});
