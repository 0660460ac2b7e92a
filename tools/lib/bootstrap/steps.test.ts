import { describe, expect, test } from "vitest";
import { createSteps } from "./steps.mjs";

function recorder(isTTY: boolean) {
  let text = "";
  let now = 0;
  const output = {
    isTTY,
    write: (chunk: string) => {
      text += chunk;
    },
  };
  const steps = createSteps(output, { quietBelowMs: 300, now: () => now });
  return {
    steps,
    said: () => text,
    elapse: async (milliseconds: number) => {
      now += milliseconds;
    },
  };
}

describe("steps", () => {
  test("a step leaves a line with its duration, and its result", async () => {
    const { steps, said, elapse } = recorder(false);
    expect(await steps.run("Starting the server", () => elapse(1234).then(() => 7))).toBe(7);
    expect(said()).toBe("✓  Starting the server (1.2 s)\n");
  });

  test("a step that took no time leaves none", async () => {
    const { steps, said, elapse } = recorder(false);
    await steps.run("Looking", () => elapse(20));
    expect(said()).toBe("");
  });

  test("a failed step is marked however fast it was, and its error goes on", async () => {
    const { steps, said } = recorder(false);
    await expect(steps.run("Starting", () => Promise.reject(new Error("no")))).rejects.toThrow("no");
    expect(said()).toBe("✗  Starting (0.0 s)\n");
  });

  test("on a terminal a note first wipes the line that is being redrawn", () => {
    const { steps, said } = recorder(true);
    steps.note("Port 7080 is free.");
    expect(said()).toBe("\r\x1b[K   Port 7080 is free.\n");
  });
});
