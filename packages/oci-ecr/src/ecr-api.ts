import {
  BatchGetImageCommand,
  DescribeImagesCommand,
  DescribeRepositoriesCommand,
  GetAuthorizationTokenCommand,
  GetDownloadUrlForLayerCommand,
} from "@aws-sdk/client-ecr";
import { GetCallerIdentityCommand } from "@aws-sdk/client-sts";
import { type Digest, isDigest, manifestMediaTypes, RegistryError } from "@berth/oci";
import { z } from "zod";
import type { AwsClients } from "./aws-clients.ts";

const digest = z.string().refine(isDigest);

const tokenSchema = z.object({
  authorizationData: z.array(z.object({ authorizationToken: z.string().min(8), expiresAt: z.date() })).min(1),
});

const repositoriesSchema = z.object({
  repositories: z.array(
    z.object({
      repositoryName: z.string(),
      repositoryArn: z.string(),
      repositoryUri: z.string(),
      createdAt: z.date(),
      imageTagMutability: z.string().optional(),
    }),
  ),
  nextToken: z.string().optional(),
});

const imagesSchema = z.object({
  imageDetails: z.array(
    z.object({
      imageDigest: digest,
      imageTags: z.array(z.string()).optional(),
      imageSizeInBytes: z.number().optional(),
      imagePushedAt: z.date().optional(),
      imageManifestMediaType: z.string().optional(),
    }),
  ),
  nextToken: z.string().optional(),
});

const imageIdSchema = z.object({ imageDigest: z.string().optional(), imageTag: z.string().optional() });

const batchSchema = z.object({
  images: z
    .array(
      z.object({
        imageId: imageIdSchema,
        imageManifest: z.string(),
        imageManifestMediaType: z.string().optional(),
      }),
    )
    .optional(),
  failures: z.array(z.object({ imageId: imageIdSchema.optional(), failureCode: z.string().optional() })).optional(),
});

const downloadSchema = z.object({ downloadUrl: z.url() });
const identitySchema = z.object({ Account: z.string().regex(/^\d{12}$/), Arn: z.string().max(2048) });

export type WireImages = z.infer<typeof imagesSchema>;
export type WireRepositories = z.infer<typeof repositoriesSchema>;
export type WireBatch = z.infer<typeof batchSchema>;
export type Signal = AbortSignal | undefined;

/** The operations of ECR and STS that are used, each answer checked; all pass the account, as other accounts' registries need. */
export class EcrApi {
  readonly #clients: AwsClients;
  readonly #registryId: string;

  constructor(clients: AwsClients, accountId: string) {
    this.#clients = clients;
    this.#registryId = accountId;
  }

  /** The caller's account and ARN; needs no permission. */
  async callerIdentity(signal: Signal): Promise<{ accountId: string; arn: string }> {
    const command = new GetCallerIdentityCommand({});
    const send = () => this.#clients.sts.send(command, options(signal));
    const answer = await this.#clients.call("sts", "GetCallerIdentity", send, { signal });
    const { Account, Arn } = this.#read(identitySchema, answer, "GetCallerIdentity");
    return { accountId: Account, arn: Arn };
  }

  /** The password of a registry token (the user is always AWS), and when AWS's clock will find it expired. */
  async authorizationToken(signal: Signal): Promise<{ password: string; expiresAt: Date }> {
    const command = new GetAuthorizationTokenCommand({});
    const send = () => this.#clients.ecr.send(command, options(signal));
    const answer = await this.#clients.call("ecr", "GetAuthorizationToken", send, { signal });
    const [data] = this.#read(tokenSchema, answer, "GetAuthorizationToken").authorizationData;
    const pair = Buffer.from(data?.authorizationToken ?? "", "base64").toString("utf8");
    if (data === undefined || !pair.startsWith("AWS:")) throw this.#invalid("GetAuthorizationToken");
    return { password: pair.slice("AWS:".length), expiresAt: data.expiresAt };
  }

  async repositories(
    page: { maxResults: number; nextToken?: string | undefined },
    signal: Signal,
  ): Promise<WireRepositories> {
    const command = new DescribeRepositoriesCommand({ registryId: this.#registryId, ...page });
    const send = () => this.#clients.ecr.send(command, options(signal));
    const answer = await this.#clients.call("ecr", "DescribeRepositories", send, { signal });
    return this.#read(repositoriesSchema, answer, "DescribeRepositories");
  }

  /** Tagged images only: the platforms inside an index are untagged rows of their own. */
  async taggedImages(
    repository: string,
    page: { maxResults: number; nextToken?: string | undefined },
    signal: Signal,
  ): Promise<WireImages> {
    const filter = { tagStatus: "TAGGED" } as const;
    const command = new DescribeImagesCommand({
      registryId: this.#registryId,
      repositoryName: repository,
      filter,
      ...page,
    });
    const send = () => this.#clients.ecr.send(command, options(signal));
    const answer = await this.#clients.call("ecr", "DescribeImages", send, { repository, signal });
    return this.#read(imagesSchema, answer, "DescribeImages");
  }

  /** One image by tag or digest. */
  async describedImage(repository: string, id: string, signal: Signal): Promise<WireImages> {
    const command = new DescribeImagesCommand({
      registryId: this.#registryId,
      repositoryName: repository,
      imageIds: [isDigest(id) ? { imageDigest: id } : { imageTag: id }],
    });
    const send = () => this.#clients.ecr.send(command, options(signal));
    const answer = await this.#clients.call("ecr", "DescribeImages", send, { repository, image: id, signal });
    return this.#read(imagesSchema, answer, "DescribeImages");
  }

  /** At most 100 manifests by tag or digest. */
  async batchGetImage(repository: string, ids: readonly string[], signal: Signal): Promise<WireBatch> {
    const command = new BatchGetImageCommand({
      registryId: this.#registryId,
      repositoryName: repository,
      imageIds: ids.map((id) => (isDigest(id) ? { imageDigest: id } : { imageTag: id })),
      acceptedMediaTypes: [...manifestMediaTypes],
    });
    const send = () => this.#clients.ecr.send(command, options(signal));
    const [only] = ids;
    const facts = { repository, ...(ids.length === 1 && only !== undefined && { image: only }), signal };
    const answer = await this.#clients.call("ecr", "BatchGetImage", send, facts);
    return this.#read(batchSchema, answer, "BatchGetImage");
  }

  /** A presigned address, good for about an hour; its query is a secret. */
  async layerUrl(repository: string, layer: Digest, signal: Signal): Promise<URL> {
    const command = new GetDownloadUrlForLayerCommand({
      registryId: this.#registryId,
      repositoryName: repository,
      layerDigest: layer,
    });
    const send = () => this.#clients.ecr.send(command, options(signal));
    const answer = await this.#clients.call("ecr", "GetDownloadUrlForLayer", send, {
      repository,
      image: layer,
      signal,
    });
    return new URL(this.#read(downloadSchema, answer, "GetDownloadUrlForLayer").downloadUrl);
  }

  #read<T>(schema: z.ZodType<T>, answer: unknown, operation: string): T {
    const result = schema.safeParse(answer);
    if (!result.success) throw this.#invalid(operation);
    return result.data;
  }

  #invalid(operation: string): RegistryError {
    return new RegistryError("V2_ANSWER_INVALID", { ...this.#clients.failureContext(), operation });
  }
}

function options(signal: Signal): { abortSignal?: AbortSignal } {
  return signal === undefined ? {} : { abortSignal: signal };
}
