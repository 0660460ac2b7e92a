import { randomUUID } from "node:crypto";
import type { WorkspaceStatus } from "@berth/api";
import { z } from "zod";
import type { Actor, Origin } from "../actor.ts";
import { changesBetween } from "../audit.ts";
import { authorize, notFound, organizationsWhere, roleIn } from "../authorization.ts";
import { BerthError } from "../berth-error.ts";
import { organizationOr } from "../organization-choice.ts";
import { decodeCursor, type Page, type PageRequest, pageFrom } from "../page.ts";
import { type Action, planAction } from "./action-plan.ts";
import { checkFits, chooseTag } from "./new-workspace.ts";
import type { OfferedImage, WorkspacesDeps } from "./ports.ts";
import { type Build, bringsUp, type Workspace } from "./workspace.ts";

export type CreateWorkspace = {
  organizationId?: string | undefined;
  name: string;
  imageId: string;
  tag?: string | undefined;
  cpu?: number | undefined;
  memoryGb?: number | undefined;
  diskGb?: number | undefined;
};
export type ListWorkspaces = PageRequest & {
  organizationId?: string | undefined;
  owner: string;
  name?: string | undefined;
  imageId?: string | undefined;
  status?: WorkspaceStatus | undefined;
};
export type UpdateWorkspace = Pick<CreateWorkspace, "cpu" | "memoryGb" | "diskGb" | "tag">;

const Cursor = z.tuple([z.iso.datetime(), z.uuid()]);
const BuildCursor = z.tuple([z.stringFormat("integer", /^\d{1,9}$/)]);

const resource = (workspace: Pick<Workspace, "organizationId" | "ownerId">) => ({
  kind: "workspace",
  organizationId: workspace.organizationId,
  ownerId: workspace.ownerId,
});

/** Decides what happens to workspaces and records it; a reconciler carries it out. Nothing here waits for an engine's work. */
export class Workspaces {
  readonly #deps: WorkspacesDeps;

  constructor(deps: WorkspacesDeps) {
    this.#deps = deps;
  }

  async list(actor: Actor, query: ListWorkspaces): Promise<Page<Workspace>> {
    const after = decodeCursor(query.cursor, Cursor);
    const { owner, organizationId, name, imageId, status } = query;
    const found = await this.#deps.workspaces.list({
      visibleTo: { userId: actor.userId, organizationIds: organizationsWhere(actor, "workspace.list_all") },
      ...(owner === "me" ? { ownerId: actor.userId } : owner === "all" ? {} : { ownerUsername: owner }),
      organizationId,
      name,
      imageId,
      status,
      after: after && { createdAt: new Date(after[0]), id: after[1] },
      limit: query.limit + 1,
    });
    return pageFrom(found, query.limit, (last) => [last.createdAt.toISOString(), last.id]);
  }

  /** Throws NOT_FOUND, FORBIDDEN. */
  async get(actor: Actor, id: string): Promise<Workspace> {
    return await this.#visible(actor, id, "workspace.read");
  }

  /** Records a workspace that should run. */
  async create(actor: Actor, input: CreateWorkspace, origin: Origin): Promise<Workspace> {
    const image = await this.#imageFor(actor, input);
    const tag = chooseTag(image, input.tag);
    const sizes = {
      cpu: input.cpu ?? image.cpu,
      memoryGb: input.memoryGb ?? image.memoryGb,
      diskGb: input.diskGb ?? image.diskGb,
    };
    checkFits(sizes, tag, await this.#deps.engine());
    const id = randomUUID();
    const isMember = roleIn(actor, image.organizationId) !== undefined;
    await this.#deps.transaction(async ({ workspaces, audit }) => {
      // Somebody who is being removed at this very moment must not keep a new workspace.
      if (isMember && !(await workspaces.holdMembership(actor.userId, image.organizationId))) throw notFound("image");
      await workspaces.insert({
        id,
        organizationId: image.organizationId,
        ownerId: actor.userId,
        name: input.name,
        imageId: image.id,
        imageTag: tag.tag,
        ...sizes,
        revision: randomUUID(),
        createdAt: this.#deps.clock(),
      });
      await workspaces.insertBuild(id, {
        id: randomUUID(),
        kind: "create",
        initiatorId: actor.userId,
        imageTag: tag.tag,
        digest: null,
      });
      await audit.record({
        action: "workspace.create",
        actor,
        origin,
        target: { kind: "workspace", id, name: input.name },
        organizationId: image.organizationId,
        changes: changesBetween({}, { image: `${image.repository}:${tag.tag}`, ...sizes }, [
          "image",
          "cpu",
          "memoryGb",
          "diskGb",
        ]),
      });
    });
    this.#deps.reconciler.wake(id);
    return await this.#found(id);
  }

  /** Records an action; asking twice is asking once. Throws WORKSPACE_DELETING, BUILD_NOT_RUNNING. */
  async act(actor: Actor, id: string, action: Action, origin: Origin): Promise<Workspace> {
    await this.#visible(actor, id, "workspace.write");
    await this.#deps.transaction(async ({ workspaces, audit }) => {
      const workspace = await workspaces.findForUpdate(id);
      if (!workspace) throw notFound("workspace");
      const plan = planAction(workspace, action);
      if (plan.type === "refuse") throw refusal(plan.code, workspace);
      if (plan.type === "nothing") return;
      const { desired, status } = plan;
      const isStart = plan.type === "build" && bringsUp(plan.kind);
      if (plan.type === "cancel" && workspace.latestBuild) await workspaces.requestCancel(workspace.latestBuild.id);
      if (plan.type === "build") {
        await workspaces.insertBuild(id, {
          id: randomUUID(),
          kind: plan.kind,
          initiatorId: actor.userId,
          imageTag: workspace.imageTag,
          digest: isStart && plan.kind !== "rebuild" ? workspace.digest : null,
        });
      }
      await workspaces.want(id, { desired, status, failure: null, ...(isStart ? { revision: randomUUID() } : {}) });
      await audit.record({
        action: `workspace.${action}`,
        actor,
        origin,
        target: { kind: "workspace", id, name: workspace.name },
        organizationId: workspace.organizationId,
        changes: changesBetween({ desired: workspace.desired }, { desired }, ["desired"]),
      });
    });
    this.#deps.reconciler.wake(id);
    return await this.#found(id);
  }

  /** Changes what the next rebuild makes. Throws DISK_CANNOT_SHRINK, IMAGE_TAG_NOT_FOUND, RESOURCES_TOO_LARGE. */
  async update(actor: Actor, id: string, input: UpdateWorkspace, origin: Origin): Promise<Workspace> {
    const before = await this.#visible(actor, id, "workspace.write");
    const image = await this.#deps.images.findOffered(before.image.id);
    if (!image) throw notFound("image");
    const tag = input.tag === undefined ? undefined : chooseTag({ ...image, isDeprecated: false }, input.tag);
    if (input.diskGb !== undefined && input.diskGb < before.diskGb) {
      throw new BerthError("DISK_CANNOT_SHRINK", `The disk has ${before.diskGb} GB already.`);
    }
    const sizes = { cpu: input.cpu ?? before.cpu, memoryGb: input.memoryGb ?? before.memoryGb };
    checkFits(sizes, tag, await this.#deps.engine());
    const after = { ...sizes, diskGb: input.diskGb ?? before.diskGb, imageTag: tag?.tag ?? before.imageTag };
    await this.#deps.transaction(async ({ workspaces, audit }) => {
      await workspaces.update(id, after);
      await audit.record({
        action: "workspace.update",
        actor,
        origin,
        target: { kind: "workspace", id, name: before.name },
        organizationId: before.organizationId,
        changes: changesBetween(before, after, ["cpu", "memoryGb", "diskGb", "imageTag"]),
      });
    });
    return await this.#found(id);
  }

  async listBuilds(actor: Actor, id: string, page: PageRequest): Promise<Page<Build>> {
    await this.#visible(actor, id, "workspace.read");
    const before = decodeCursor(page.cursor, BuildCursor);
    const builds = await this.#deps.workspaces.listBuilds(id, {
      ...(before ? { beforeNumber: Number(before[0]) } : {}),
      limit: page.limit + 1,
    });
    return pageFrom(builds, page.limit, (last) => [String(last.number)]);
  }

  async getBuild(actor: Actor, id: string, buildId: string): Promise<Build> {
    await this.#visible(actor, id, "workspace.read");
    const build = await this.#deps.workspaces.findBuild(id, buildId);
    if (!build) throw notFound("build");
    return build;
  }

  /** Lets somebody in, and tells the workspace. Throws WORKSPACE_NOT_RUNNING. */
  async connect(actor: Actor, id: string): Promise<Workspace> {
    const workspace = await this.#visible(actor, id, "workspace.connect");
    const isUp = workspace.status === "running" || (workspace.status === "starting" && workspace.agentVersion !== null);
    if (workspace.desired !== "running" || !isUp) {
      throw new BerthError("WORKSPACE_NOT_RUNNING", `${workspace.name} is ${workspace.status}.`, {
        fix: { text: "Start it first.", command: `berth ws start ${workspace.name} --wait` },
        context: { status: workspace.status },
      });
    }
    return workspace;
  }

  async #imageFor(actor: Actor, input: CreateWorkspace): Promise<OfferedImage> {
    const image = await this.#deps.images.findOffered(input.imageId);
    const organizationId =
      image?.organizationId ?? (await organizationOr(this.#deps.organizations, input.organizationId));
    authorize(actor, "image.read", { kind: "image", organizationId });
    if (!image || (input.organizationId !== undefined && input.organizationId !== image.organizationId)) {
      throw notFound("image");
    }
    authorize(actor, "workspace.create", { kind: "workspace", organizationId });
    return image;
  }

  async #visible(
    actor: Actor,
    id: string,
    action: "workspace.read" | "workspace.write" | "workspace.connect",
  ): Promise<Workspace> {
    const workspace = await this.#found(id);
    authorize(actor, action, resource(workspace));
    return workspace;
  }

  async #found(id: string): Promise<Workspace> {
    const workspace = await this.#deps.workspaces.find(id);
    if (!workspace) throw notFound("workspace");
    return workspace;
  }
}

function refusal(code: "WORKSPACE_DELETING" | "BUILD_NOT_RUNNING", workspace: Workspace): BerthError {
  const message =
    code === "WORKSPACE_DELETING"
      ? `${workspace.name} is being deleted.`
      : `No start of ${workspace.name} is under way that could be canceled.`;
  return new BerthError(code, message);
}
