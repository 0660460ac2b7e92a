import { readFile } from "node:fs/promises";
import path from "node:path";
import { signHeaders } from "@berth/aws-sandbox";
import type { RegistryLogin } from "../lib/engine/image-client.ts";

/** The sandbox's ECR, as its operator sees it. */
export type SandboxEcr = {
  /** Tags in a repository; undefined when there is no such repository. */
  tagsOf(repository: string): Promise<Set<string> | undefined>;
  createRepository(repository: string): Promise<void>;
  /** Fresh, for one push. */
  login(): Promise<RegistryLogin>;
};

const region = "us-east-1";

/** Signs as the operator, whose key the sandbox keeps in a file of its data folder. */
export async function openSandboxEcr(host: string, folder: string, signal: AbortSignal): Promise<SandboxEcr> {
  const key = operatorKey(await readFile(path.join(folder, "credentials"), "utf8"));
  const call = async (operation: string, input: object) => {
    const body = JSON.stringify(input);
    const target = `AmazonEC2ContainerRegistry_V20150921.${operation}`;
    const headers = { host, "content-type": "application/x-amz-json-1.1", "x-amz-target": target };
    const request = { method: "POST", path: "/", query: "", headers, body };
    const { host: _host, ...signed } = signHeaders(request, { ...key, region, service: "ecr" }, Date.now());
    const answer = await fetch(`http://${host}/`, { method: "POST", headers: signed, body, signal });
    return { isDone: answer.ok, said: (await answer.json()) as Record<string, unknown> };
  };
  const done = async (operation: string, input: object) => {
    const { isDone, said } = await call(operation, input);
    if (!isDone) throw new Error(`the sandbox refused ${operation}: ${String(said.message)}`);
    return said;
  };
  return {
    async tagsOf(repositoryName) {
      const { isDone, said } = await call("DescribeImages", { repositoryName });
      if (!isDone && String(said.__type).includes("RepositoryNotFoundException")) return undefined;
      if (!isDone) throw new Error(`the sandbox refused DescribeImages: ${String(said.message)}`);
      const images = said.imageDetails as { imageTags?: string[] }[];
      return new Set(images.flatMap(({ imageTags }) => imageTags ?? []));
    },
    createRepository: async (repositoryName) => void (await done("CreateRepository", { repositoryName })),
    async login() {
      const { authorizationData } = await done("GetAuthorizationToken", {});
      const [first] = authorizationData as { authorizationToken: string }[];
      const [username = "", password = ""] = Buffer.from(first?.authorizationToken ?? "", "base64")
        .toString()
        .split(":");
      return { username, password, serveraddress: host };
    },
  };
}

/** The account that the sandbox's registry belongs to by default. */
export function accountOf(registry: string): string {
  return registry.split(".", 1)[0] ?? "";
}

function operatorKey(credentials: string): { accessKeyId: string; secretAccessKey: string } {
  const section = /^\[operator\]$([\s\S]*?)(?=^\[|$(?![\s\S]))/m.exec(credentials)?.[1] ?? "";
  const value = (name: string) => new RegExp(`^${name} = (.+)$`, "m").exec(section)?.[1]?.trim() ?? "";
  return { accessKeyId: value("aws_access_key_id"), secretAccessKey: value("aws_secret_access_key") };
}
