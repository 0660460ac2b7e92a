import { describeProviderContract } from "@berth/provider/contract";
import { describe } from "vitest";
import { openDockerWorld } from "./testing/docker-world.ts";
import { locateTestEngine } from "./testing/test-engine.ts";

const engine = await locateTestEngine();

describe.skipIf(!engine)("on a real engine", () => {
  describeProviderContract("the Docker provider", () => openDockerWorld(engine!));
});
