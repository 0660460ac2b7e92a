/** Maps with at most `limit` running at once, in order; the first failure ends it. */
export async function mapBounded<T, U>(items: readonly T[], limit: number, map: (item: T) => Promise<U>): Promise<U[]> {
  const results: U[] = [];
  const queue = [...items.entries()];
  const work = async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      results[next[0]] = await map(next[1]);
    }
  };
  const workers = Array.from({ length: Math.min(limit, items.length) }, work);
  try {
    await Promise.all(workers);
  } finally {
    queue.length = 0;
  }
  return results;
}

/** Cuts a list into pieces of at most `size`. */
export function chunks<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) => items.slice(i * size, (i + 1) * size));
}
