import os from "node:os";
import path from "node:path";
import { expect, test } from "vitest";
import { diskRefusal, freeBytes } from "./disk.mjs";

const gibibyte = 1024 ** 3;

test("a disk with enough room is no reason to refuse", () => {
  expect(diskRefusal({ folder: "/data", free: gibibyte, needed: gibibyte })).toBeUndefined();
});

test("a full disk is told with both figures and what to do", () => {
  const hint = "set BERTH_DATA_DIR to another disk";
  expect(diskRefusal({ folder: "/data", free: 0.25 * gibibyte, needed: gibibyte, hint })).toBe(
    "Berth needs 1.0 GiB of free disk space for /data and there are 0.3 GiB: free some space or set BERTH_DATA_DIR to another disk.",
  );
});

test("the room of a folder that does not exist yet is that of its disk", () => {
  expect(freeBytes(path.join(os.tmpdir(), "not", "there", "yet"))).toBeGreaterThan(0);
});
