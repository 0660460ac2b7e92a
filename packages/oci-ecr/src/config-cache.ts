import type { ImageConfig } from "@berth/oci";

/** Image configs by digest, which never change; the least recently used go first. One for each identity and registry. */
export class ConfigCache {
  readonly #configs = new Map<string, ImageConfig>();
  readonly #limit: number;

  constructor(limit = 500) {
    this.#limit = limit;
  }

  get(key: string): ImageConfig | undefined {
    const config = this.#configs.get(key);
    if (config !== undefined) {
      this.#configs.delete(key);
      this.#configs.set(key, config);
    }
    return config;
  }

  set(key: string, config: ImageConfig): void {
    this.#configs.set(key, config);
    const [oldest] = this.#configs.keys();
    if (this.#configs.size > this.#limit && oldest !== undefined) this.#configs.delete(oldest);
  }
}
