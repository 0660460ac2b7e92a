import { allCommands, type Group, isGroup } from "../command-tree.ts";

/** What may follow some words: the next words, each with what it is for. */
export type Completion = { after: string; words: { word: string; summary: string }[] };

/** Every point of the command tree with what may come next: commands, and the options of commands. */
export async function completions(root: Group): Promise<Completion[]> {
  const leaves = new Map((await allCommands(root)).map(({ words, command }) => [words.join(" "), command]));
  const found: Completion[] = [];
  const visit = (group: Group, spellings: readonly string[], canonical: string) => {
    const names = Object.entries(group.children).flatMap(([name, node]) => {
      const path = canonical ? `${canonical} ${name}` : name;
      const summary = isGroup(node) ? node.summary : (leaves.get(path)?.summary ?? "");
      return [name, ...(isGroup(node) ? (node.aliases ?? []) : [])].map((word) => ({ word, summary }));
    });
    for (const after of spellings) found.push({ after, words: names });
    for (const [name, node] of Object.entries(group.children)) {
      const path = canonical ? `${canonical} ${name}` : name;
      const own = [name, ...(isGroup(node) ? (node.aliases ?? []) : [])];
      const all = spellings.flatMap((before) => own.map((word) => (before ? `${before} ${word}` : word)));
      if (isGroup(node)) visit(node, all, path);
      else for (const after of all) found.push({ after, words: optionWords(leaves.get(path)?.options ?? {}) });
    }
  };
  visit(root, [""], "");
  return found;
}

function optionWords(options: Readonly<Record<string, { flags: string; description: string }>>): Completion["words"] {
  return Object.values(options).flatMap(({ flags, description }) => {
    const long = /--[a-z-]+/.exec(flags)?.[0];
    return long ? [{ word: long, summary: description }] : [];
  });
}
