import type { EngineAddress } from "@berth/provider-docker";
import { findContainers, removeContainer } from "../lib/engine/container-client.ts";

const graceSeconds = 5;

/**
 * Removes the containers of an installation. Their homes stay, and the database still says which of them should run, so that the
 * next start brings them back.
 */
export async function stopWorkspaces(
  address: EngineAddress,
  installationId: string,
  signal: AbortSignal,
): Promise<number> {
  const containers = await findContainers(address, [`berth.installation=${installationId}`], signal);
  await Promise.all(containers.map((id) => removeContainer(address, { id, graceSeconds }, signal)));
  return containers.length;
}
