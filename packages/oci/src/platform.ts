import { RegistryError } from "./errors.ts";

/** What an image runs on, in the words of the OCI image spec: `linux`, `arm64`, `v8`. */
export type Platform = { os: string; architecture: string; variant?: string };

const architectureNames: Record<string, string> = {
  x86_64: "amd64",
  "x86-64": "amd64",
  aarch64: "arm64",
  armhf: "arm",
  armv7l: "arm",
  i386: "386",
  i686: "386",
};

/** Variants a plain architecture stands for, so that `arm64` and `arm64/v8` are one. */
const impliedVariants: Record<string, string> = { arm64: "v8", arm: "v7", amd64: "v1" };

/** Reads `os/architecture[/variant]`, also with the kernel's names such as `x86_64`; throws REFERENCE_MALFORMED. */
export function parsePlatform(text: string): Platform {
  const parts = text.length <= 64 ? text.toLowerCase().split("/") : [];
  const [os, architecture, variant] = parts;
  const isWord = (part: string) => /^[a-z0-9][a-z0-9._-]*$/.test(part);
  if (!os || !architecture || parts.length > 3 || !parts.every(isWord)) {
    throw new RegistryError(
      "REFERENCE_MALFORMED",
      { part: "platform", problem: "is malformed" },
      { message: "The platform is malformed.", fix: { text: "Write it as linux/amd64 or linux/arm64/v8." } },
    );
  }
  return normalizePlatform(variant === undefined ? { os, architecture } : { os, architecture, variant });
}

/** The spec's name for a platform however an engine spells it; an implied variant is dropped. */
export function normalizePlatform({ os, architecture, variant }: Platform): Platform {
  const name = architectureNames[architecture] ?? architecture;
  return variant === undefined || variant === "" || impliedVariants[name] === variant
    ? { os, architecture: name }
    : { os, architecture: name, variant };
}

/** `linux/arm64`, `linux/arm/v6`. */
export function formatPlatform(platform: Platform): string {
  const { os, architecture, variant } = normalizePlatform(platform);
  return variant === undefined ? `${os}/${architecture}` : `${os}/${architecture}/${variant}`;
}

/**
 * How well `engine` runs an image for `image`: 0 not at all, more is better.
 * A 32- or 64-bit variant runs on the same or a later one (`arm/v6` on `arm/v7`, `amd64` on `amd64/v3`), never on an earlier.
 */
export function platformFit(engine: Platform, image: Platform): number {
  const [host, guest] = [normalizePlatform(engine), normalizePlatform(image)];
  if (host.os !== guest.os || host.architecture !== guest.architecture) return 0;
  const [hostLevel, guestLevel] = [variantLevel(host), variantLevel(guest)];
  return guestLevel <= hostLevel ? 1 + guestLevel : 0;
}

function variantLevel({ architecture, variant }: Platform): number {
  const level = Number((variant ?? impliedVariants[architecture] ?? "v0").replace(/^v/, ""));
  return Number.isFinite(level) ? level : Number.POSITIVE_INFINITY;
}

/** The entry that suits `engine` best, or undefined when none runs there. */
export function choosePlatform<T extends { platform?: Platform | undefined }>(
  engine: Platform,
  entries: readonly T[],
): T | undefined {
  let best: { entry: T; fit: number } | undefined;
  for (const entry of entries) {
    const fit = entry.platform === undefined ? 0 : platformFit(engine, entry.platform);
    if (fit > (best?.fit ?? 0)) best = { entry, fit };
  }
  return best?.entry;
}
