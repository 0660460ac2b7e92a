import type { ImageName } from "../lib/engine/image-client.ts";
import { ensureBusyboxImage } from "../lib/images/busybox-image.ts";
import { ensureDebianImage } from "../lib/images/debian-image.ts";
import type { ImageMaker } from "../lib/images/image-maker.ts";

/** An image that the sandbox registry offers from the start. */
export type Sample = {
  repository: string;
  /** Each tag with the image it names, as the engine calls it. */
  tags: { tag: string; image: ImageName }[];
  make(maker: ImageMaker): Promise<void>;
};

const base = (tag: string): ImageName => ({ repository: "berth-sample/base", tag });
const busybox: ImageName = { repository: "berth-sample/busybox", tag: "1" };

/** A Debian for people, in two versions, and an image with neither a libc nor a person in it. */
export const samples: readonly Sample[] = [
  {
    repository: "team/base",
    tags: [
      { tag: "1", image: base("1") },
      { tag: "2", image: base("2") },
      { tag: "latest", image: base("2") },
    ],
    async make(maker) {
      await ensureDebianImage(maker, { name: base("1"), user: "coder" });
      const instructions = ["RUN echo 'Welcome to team/base 2.' >/etc/motd", "ENV EDITOR=vi"];
      await ensureDebianImage(maker, { name: base("2"), user: "coder", instructions });
    },
  },
  {
    repository: "team/busybox",
    tags: [{ tag: "1", image: busybox }],
    make: async (maker) => void (await ensureBusyboxImage(maker, busybox)),
  },
];
