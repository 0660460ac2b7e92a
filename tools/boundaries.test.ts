import { describe, expect, test } from "vitest";
import { checkImports, importsOf } from "./boundaries.ts";

const manifests = new Map([
  ["apps/server", { name: "@berth/server", dependencies: ["@berth/oci", "@berth/provider-docker", "fastify", "pg"] }],
  ["apps/agent", { name: "@berth/agent", dependencies: ["ws"] }],
  ["packages/oci", { name: "@berth/oci", dependencies: ["zod"] }],
  ["packages/oci-ecr", { name: "@berth/oci-ecr", dependencies: ["@aws-sdk/client-ecr", "@berth/oci"] }],
]);

describe("importsOf", () => {
  test("finds static, type, re-export, side-effect and dynamic imports, and no comment", () => {
    const source = `
      import { a } from "one"; import type { B } from 'two';
      export * from "./three.ts";
      import "four";
      const five = await import("five");
      // import x from "no"
      /* import y from "neither" */
    `;
    expect(importsOf(source).sort()).toEqual(["./three.ts", "five", "four", "one", "two"]);
  });
});

describe("checkImports", () => {
  const reasons = (file: string, specifier: string) =>
    checkImports([{ file, imports: [specifier] }], manifests).map((violation) => violation.reason);

  test.each([
    ["apps/server/src/http/app.ts", "fastify"],
    ["packages/oci-ecr/src/client.ts", "@aws-sdk/client-ecr"],
    ["apps/server/src/db/pool.ts", "pg"],
    ["apps/server/src/domain/images/image.ts", "@berth/oci"],
    ["apps/server/src/http/routes/a.ts", "../../domain/a.ts"],
  ])("allows %s to import %s", (file, specifier) => {
    expect(reasons(file, specifier)).toEqual([]);
  });

  test.each([
    ["an AWS client outside oci-ecr", "packages/oci/src/client.ts", "@aws-sdk/client-ecr"],
    ["SQL in a handler", "apps/server/src/http/routes/a.ts", "pg"],
    ["SQL in the domain by path", "apps/server/src/domain/a.ts", "../db/pool.ts"],
    ["an adapter in the domain", "apps/server/src/domain/a.ts", "@berth/provider-docker"],
    ["files in the domain", "apps/server/src/domain/a.ts", "node:fs"],
    ["an app in an app", "apps/server/src/main.ts", "@berth/agent"],
    ["a path across packages", "packages/oci/src/a.ts", "../../oci-ecr/src/client.ts"],
    ["an undeclared dependency", "packages/oci/src/a.ts", "left-pad"],
  ])("refuses %s", (_what, file, specifier) => {
    expect(reasons(file, specifier)).not.toEqual([]);
  });
});
