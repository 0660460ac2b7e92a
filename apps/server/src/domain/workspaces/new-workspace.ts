import type { ProviderInfo } from "@berth/provider";
import { BerthError } from "../berth-error.ts";
import type { OfferedImage } from "./ports.ts";

type Offered = OfferedImage["tags"][number];
const gib = 1024 ** 3;

/** The tag a new workspace takes. Throws IMAGE_DEPRECATED, IMAGE_TAG_NOT_FOUND, IMAGE_TAG_DECOMMISSIONED. */
export function chooseTag(image: OfferedImage, asked: string | undefined): Offered {
  if (image.isDeprecated) {
    throw new BerthError("IMAGE_DEPRECATED", `${image.repository} is deprecated: no new workspaces are made from it.`);
  }
  const name = asked ?? image.defaultTag;
  const tag = image.tags.find((offered) => offered.tag === name);
  if (!tag) {
    const names = image.tags.map((offered) => offered.tag);
    throw new BerthError("IMAGE_TAG_NOT_FOUND", `${image.repository} does not offer the tag ${name}.`, {
      fix: { text: `Choose one of: ${names.slice(0, 20).join(", ")}${names.length > 20 ? " …" : ""}` },
      context: { tags: names.slice(0, 100) },
    });
  }
  if (tag.isDecommissioned) {
    throw new BerthError("IMAGE_TAG_DECOMMISSIONED", `The tag ${name} of ${image.repository} is decommissioned.`);
  }
  return tag;
}

/** Whether a platform of the image (`linux/arm64/v8`) is one that the engine runs (`linux/arm64`). */
export function runsOn(platforms: readonly string[], engine: readonly string[]): boolean {
  if (platforms.length === 0) return true;
  return platforms.some((platform) => engine.some((own) => platform === own || platform.startsWith(`${own}/`)));
}

/** Refuses at the form what the engine could never run. Throws RESOURCES_TOO_LARGE, IMAGE_PLATFORM_MISMATCH. */
export function checkFits(
  sizes: { cpu: number; memoryGb: number },
  tag: Offered | undefined,
  engine: ProviderInfo,
): void {
  if (sizes.cpu > engine.cpus) {
    throw new BerthError("RESOURCES_TOO_LARGE", `${sizes.cpu} cores were asked for; the engine has ${engine.cpus}.`, {
      context: { cpus: engine.cpus },
    });
  }
  if (sizes.memoryGb * gib > engine.memoryBytes) {
    const gb = Math.floor((engine.memoryBytes / gib) * 10) / 10;
    throw new BerthError("RESOURCES_TOO_LARGE", `${sizes.memoryGb} GB were asked for; the engine has ${gb} GB.`, {
      context: { memoryGb: gb },
    });
  }
  if (tag && !runsOn(tag.platforms, engine.platforms)) {
    throw new BerthError(
      "IMAGE_PLATFORM_MISMATCH",
      `The tag ${tag.tag} is for ${tag.platforms.join(", ")}; the engine runs ${engine.platforms.join(", ")}.`,
    );
  }
}
