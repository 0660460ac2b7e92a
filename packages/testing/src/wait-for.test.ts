import { expect, test } from "vitest";
import { waitFor } from "./wait-for.ts";

test("answers the first answer that is one, whatever was thrown before", async () => {
  let asked = 0;
  const ask = () => {
    asked += 1;
    if (asked === 1) throw new Error("not yet");
    return asked === 3 ? 0 : undefined;
  };
  expect(await waitFor("the third time", ask, { intervalMs: 1 })).toBe(0);
  expect(asked).toBe(3);
});

test("gives up with what was waited for and why it did not come", async () => {
  const cause = new Error("refused");
  const ask = () => Promise.reject(cause);
  const options = { timeoutMs: 20, intervalMs: 1 };
  await expect(waitFor("the server", ask, options)).rejects.toMatchObject({
    message: "Waited 20 ms in vain: the server.",
    cause,
  });
});
