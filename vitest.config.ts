import { defineConfig } from "vitest/config";

/**
 * Two projects. `unit` needs nothing but Node. `real` runs on real parts (PostgreSQL, Docker, AWS CLI …),
 * named in the file: `x.postgres.test.ts`, `x.docker.test.ts`, `x.aws.test.ts`, `x.e2e.test.ts`.
 */
const real = ["**/*.{postgres,docker,aws,e2e}.test.ts"];
const exclude = ["**/node_modules/**", "**/dist/**"];
/** Kinds of real tests that this machine cannot run, e.g. `docker,e2e`: set, and told, by `npm test`. */
const leftOut = (process.env.BERTH_TEST_LEFT_OUT ?? "").split(",").filter(Boolean);

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          include: ["{apps,packages,tools,bench}/**/*.test.ts"],
          exclude: [...exclude, ...real],
          isolate: false,
          testTimeout: 20_000,
        },
      },
      {
        test: {
          name: "real",
          globalSetup: ["apps/server/src/testing/test-cluster.ts"],
          include: ["{apps,packages,tools,bench,e2e}/**/*.{postgres,docker,aws,e2e}.test.ts"],
          exclude: [...exclude, ...leftOut.map((kind) => `**/*.${kind}.test.ts`)],
          testTimeout: 180_000,
          hookTimeout: 180_000,
          maxWorkers: 2,
        },
      },
    ],
  },
});
