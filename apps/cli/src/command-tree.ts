import type { Command } from "./command.ts";

/** A command, loaded when it is needed. */
export type Leaf = { load(): Promise<Command> };
/** A noun with its verbs. */
export type Group = {
  summary: string;
  aliases?: readonly string[];
  children: Readonly<Record<string, Node>>;
  own?: Leaf;
};
export type Node = Leaf | Group;

export const isGroup = (node: Node): node is Group => "children" in node;

export type Route = {
  /** Canonical names from the root, and the nodes they lead to. */
  path: { name: string; node: Node }[];
};

/** Options of every command that take a value, so that the value is not mistaken for a command. */
const valued = new Set(["-o", "--output", "--url"]);

function childOf(group: Group, word: string): { name: string; node: Node } | undefined {
  const own = Object.hasOwn(group.children, word) ? group.children[word] : undefined;
  if (own) return { name: word, node: own };
  const [name, node] =
    Object.entries(group.children).find(([, child]) => isGroup(child) && child.aliases?.includes(word)) ?? [];
  return name !== undefined && node ? { name, node } : undefined;
}

/** Follows the words of a command line as far as they name commands. */
export function findRoute(root: Group, words: readonly string[]): Route {
  const path: Route["path"] = [];
  let group = root;
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] ?? "";
    if (word === "--") break;
    if (word.startsWith("-")) {
      if (valued.has(word)) at += 1;
      continue;
    }
    const child = childOf(group, word);
    if (!child) break;
    path.push(child);
    if (!isGroup(child.node)) break;
    group = child.node;
  }
  return { path };
}

/** Every command below a group, with the words that lead to it, depth first in the order of the tree. */
export async function allCommands(
  group: Group,
  words: readonly string[] = [],
): Promise<{ words: readonly string[]; command: Command }[]> {
  const found: { words: readonly string[]; command: Command }[] = [];
  if (group.own) found.push({ words, command: await group.own.load() });
  for (const [name, node] of Object.entries(group.children)) {
    if (isGroup(node)) found.push(...(await allCommands(node, [...words, name])));
    else found.push({ words: [...words, name], command: await node.load() });
  }
  return found;
}
