import type { ImageName } from "../engine/image-client.ts";
import { contentKey, recipeLabel } from "./content-key.ts";
import { ensureDebianBase } from "./debian-base.ts";
import type { ImageMaker } from "./image-maker.ts";
import { packContext } from "./pack-context.ts";

export type DebianRecipe = {
  name: ImageName;
  /** The user it runs as: uid 1000, bash, sudo without a password where the base has sudo. */
  user: string;
  /** More Dockerfile instructions, run as root before the user is set. */
  instructions?: string[];
};

/** The Dockerfile of a Debian image with a person in it; pure. */
export function debianDockerfile({ user, instructions = [] }: Omit<DebianRecipe, "name">): string {
  const takenByBase = "old=$(getent passwd 1000 | cut -d: -f1)";
  return [
    "ARG BASE",
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the engine fills it in.
    "FROM ${BASE}",
    `RUN ${takenByBase}; if [ -n "$old" ]; then userdel --remove "$old"; fi; useradd --uid 1000 --shell /bin/bash --create-home ${user}`,
    `RUN if [ -d /etc/sudoers.d ]; then echo '${user} ALL=(ALL) NOPASSWD:ALL' >/etc/sudoers.d/${user} && chmod 0440 /etc/sudoers.d/${user}; fi`,
    ...instructions,
    `USER ${user}`,
    `WORKDIR /home/${user}`,
    'CMD ["bash"]',
    "",
  ].join("\n");
}

/** Makes the image unless the engine has it from the same recipe. Answers whether it was made. */
export async function ensureDebianImage(maker: ImageMaker, recipe: DebianRecipe): Promise<boolean> {
  const { images, report, signal } = maker;
  const base = await ensureDebianBase(maker);
  const dockerfile = debianDockerfile(recipe);
  const key = contentKey(base, dockerfile);
  const existing = await images.find(`${recipe.name.repository}:${recipe.name.tag}`, signal);
  if (existing?.labels[recipeLabel] === key) return false;
  const context = await packContext({ Dockerfile: dockerfile });
  const options = { name: recipe.name, buildArgs: { BASE: base }, labels: { [recipeLabel]: key } };
  await images.build(context, options, report, signal);
  return true;
}
