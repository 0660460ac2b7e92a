import { argument, text } from "../../command.ts";

/** The image of a command, however it is named. */
export const imageArgument = argument("image", "team/base, HOST/team/base, or id");
/** Narrows an image's name to one registry. */
export const registryOption = text("--registry <name>", "its registry, where several have such a repository");
