import type { WorkspaceSpec } from "@berth/provider";
import type { Setting } from "./context.ts";
import { discard } from "./discard-container.ts";
import { isConflict } from "./engine-error.ts";
import type { ContainerBody } from "./engine-types.ts";
import { failure } from "./failures.ts";
import { carries, kindLabels, labelKeys } from "./labels.ts";
import { containerName } from "./names.ts";
import { removeNow } from "./remove-containers.ts";
import { raceAbort } from "./shared-work.ts";

type Around = {
  create(create: () => Promise<string>): Promise<string>;
  start(start: () => Promise<void>): Promise<void>;
};

/**
 * Creates and starts a container; when anything fails or `signal` aborts, removes what there is of it. The engine goes
 * on with a call whose client has gone, so calls under way are waited for rather than cut.
 */
export async function createAndStart(
  setting: Setting,
  spec: WorkspaceSpec,
  { body, hasNewHome }: { body: ContainerBody; hasNewHome: boolean },
  signal: AbortSignal,
  around: Around,
): Promise<void> {
  const name = containerName(setting.installationId, spec);
  let creating: Promise<string> | undefined;
  try {
    const id = await around.create(() => {
      creating = createOwn(setting, name, body, spec.workspaceId, signal);
      return raceAbort(creating, signal);
    });
    await around.start(() => raceAbort(setting.engine.startContainer(id), signal));
  } catch (error) {
    const newHomeOf = hasNewHome ? spec.workspaceId : undefined;
    if (creating) await discard(setting, { name, body, creating, newHomeOf });
    throw error;
  }
}

/** Creates under a name that an earlier crash may have left in use; only an object of ours makes way. */
async function createOwn(
  setting: Setting,
  name: string,
  body: ContainerBody,
  workspaceId: string,
  signal: AbortSignal,
): Promise<string> {
  try {
    return await setting.engine.createContainer(name, body);
  } catch (error) {
    if (!isConflict(error)) throw error;
  }
  const holder = await setting.engine.inspectContainer(name, signal);
  const own = { ...kindLabels(setting.installationId, "workspace"), [labelKeys.workspace]: workspaceId };
  if (holder && !carries(own, holder.Config.Labels)) {
    throw failure("ENGINE_FAILED", {
      message: `A container named ${name} exists on the engine, and Berth did not make it.`,
      fix: `Rename or remove it: docker rm ${name}`,
    });
  }
  if (holder) await removeNow(setting, holder.Id, signal);
  return setting.engine.createContainer(name, body);
}
