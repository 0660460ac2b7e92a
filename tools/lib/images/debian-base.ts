import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { aptInstall } from "../machine/apt.ts";
import { contentKey } from "./content-key.ts";
import type { ImageMaker } from "./image-maker.ts";

/** What a base image has beyond Debian's smallest set: enough to work in it. */
const packages = ["ca-certificates", "git", "sudo"];
const leftOut = ["/usr/share/man/*", "/usr/share/doc/*", "/usr/share/info/*", "/usr/share/locale/*"];
const publicImage = { repository: "public.ecr.aws/docker/library/debian", tag: "bookworm-slim" };
const usableImages = [
  "debian:bookworm-slim",
  "debian:bookworm",
  "debian:latest",
  "ubuntu:24.04",
  "ubuntu:22.04",
  "ubuntu",
];

/**
 * Answers the name of a Debian image to build on: made here from Debian's own packages where this is root on Debian, else one the
 * engine has, else Debian's from ECR Public.
 */
export async function ensureDebianBase(maker: ImageMaker): Promise<string> {
  const { images, machine, report, signal } = maker;
  if (machine.canInstall) return makeDebianBase(maker);
  for (const name of usableImages) if (await images.find(name, signal)) return name;
  const name = `${publicImage.repository}:${publicImage.tag}`;
  if (!(await images.find(name, signal))) await images.pull(publicImage, report, signal);
  return name;
}

async function makeDebianBase({ images, machine, report, signal }: ImageMaker): Promise<string> {
  const codename = machine.distribution.codename || "bookworm";
  const name = { repository: "berth-base/debian", tag: contentKey(codename, ...packages, ...leftOut) };
  const reference = `${name.repository}:${name.tag}`;
  if (await images.find(reference, signal)) return reference;
  if (!existsSync("/usr/bin/mmdebstrap")) await aptInstall(["mmdebstrap"], report, signal);
  report("unpacking Debian's packages");
  const args = [
    "--quiet",
    "--variant=minbase",
    `--include=${packages.join(",")}`,
    ...leftOut.map((pattern) => `--dpkgopt=path-exclude=${pattern}`),
    codename,
    "-",
  ];
  const child = spawn("mmdebstrap", args, { stdio: ["ignore", "pipe", "pipe"], signal });
  let words = "";
  child.stderr.on("data", (chunk) => {
    words = (words + chunk).slice(-2000);
  });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.on("error", reject).on("close", resolve);
  });
  const path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
  await Promise.all([
    images.importTar(child.stdout, name, [`ENV PATH=${path}`, 'CMD ["bash"]'], signal),
    ended.then((status) => {
      if (status !== 0) throw new Error(`mmdebstrap failed: ${words.trim().split("\n").at(-1)}`);
    }),
  ]).catch(async (error) => {
    // A truncated root file system is still an image.
    await images.remove(reference, signal).catch(() => undefined);
    throw error;
  });
  return reference;
}
