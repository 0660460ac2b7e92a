import { expect, onTestFinished, test } from "vitest";
import { startDistribution } from "./distribution.ts";
import { docker, expectNothingLeft, uniqueName } from "./engine.ts";
import { requires } from "./requires.ts";

requires("distribution")("CNCF Distribution", () => {
  test("lets its user in with the password and nobody else", async () => {
    const registry = await startDistribution({ auth: "basic" });
    onTestFinished(() => registry.stop());
    const ask = async (password: string) => {
      const basic = Buffer.from(`${registry.login?.username}:${password}`).toString("base64");
      const answer = await fetch(`http://${registry.host}/v2/`, { headers: { authorization: `Basic ${basic}` } });
      return answer.status;
    };
    expect(await ask(registry.login?.password ?? "")).toBe(200);
    expect(await ask("wrong")).toBe(401);
  });

  test("is open to all when no login is asked for", async () => {
    const registry = await startDistribution();
    onTestFinished(() => registry.stop());
    expect((await fetch(`http://${registry.host}/v2/`)).status).toBe(200);
    expect(registry.login).toBeUndefined();
  });
});

requires("docker")("expectNothingLeft", () => {
  test("notices a volume that was left behind", async () => {
    const name = uniqueName("left");
    await docker(["volume", "create", "--label", name, name]);
    onTestFinished(async () => void (await docker(["volume", "rm", "--force", name])));
    await expect(expectNothingLeft(name)).rejects.toThrow(name);
    await docker(["volume", "rm", name]);
    await expectNothingLeft(name);
  });
});
