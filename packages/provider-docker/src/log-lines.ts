/** A process may write one endless line. */
const longestLine = 4096;

/**
 * Takes apart what the engine sends for a container without a terminal: frames of an 8-byte header (stream, three
 * zeros, length) and content (https://docs.docker.com/reference/api/engine/, “Attach to a container”).
 */
export function logLines(answer: Buffer, lines: number): string[] {
  const contents: Buffer[] = [];
  for (let at = 0; at + 8 <= answer.length; ) {
    const length = answer.readUInt32BE(at + 4);
    contents.push(answer.subarray(at + 8, at + 8 + length));
    at += 8 + length;
  }
  const text = Buffer.concat(contents).toString("utf8");
  const all = text.split(/\r?\n/);
  if (all.at(-1) === "") all.pop();
  return all.slice(-lines).map((line) => line.slice(0, longestLine));
}
