import type { Command } from "../command.ts";
import type { Group, Leaf } from "../command-tree.ts";

/** Loads a command's module when it is needed: most invocations need one of about sixty. */
const leaf = (load: () => Promise<{ command: Command }>): Leaf => ({ load: async () => (await load()).command });

/** Every command of `berth`, in the order help lists them. */
export const commands: Group = {
  summary: "Workspaces from the images of a private registry",
  children: {
    login: leaf(() => import("./login.ts")),
    logout: leaf(() => import("./logout.ts")),
    whoami: leaf(() => import("./whoami.ts")),
    registries: {
      summary: "Connect private registries and look into them",
      children: {
        ls: leaf(() => import("./registries/ls.ts")),
        show: leaf(() => import("./registries/show.ts")),
        add: leaf(() => import("./registries/add.ts")),
        edit: leaf(() => import("./registries/edit.ts")),
        rm: leaf(() => import("./registries/rm.ts")),
        check: leaf(() => import("./registries/check.ts")),
        repos: leaf(() => import("./registries/repos.ts")),
        tags: leaf(() => import("./registries/tags.ts")),
      },
    },
    images: {
      summary: "Import images and decide which of their tags are offered",
      children: {
        ls: leaf(() => import("./images/ls.ts")),
        show: leaf(() => import("./images/show.ts")),
        import: leaf(() => import("./images/import.ts")),
        edit: leaf(() => import("./images/edit.ts")),
        rm: leaf(() => import("./images/rm.ts")),
        "add-tag": leaf(() => import("./images/add-tag.ts")),
        "rm-tag": leaf(() => import("./images/rm-tag.ts")),
        refresh: leaf(() => import("./images/refresh.ts")),
      },
    },
    create: leaf(() => import("./create.ts")),
    exec: leaf(() => import("./exec.ts")),
    workspaces: {
      summary: "See, start, stop and change workspaces",
      aliases: ["ws"],
      children: {
        ls: leaf(() => import("./workspaces/ls.ts")),
        show: leaf(() => import("./workspaces/show.ts")),
        start: leaf(() => import("./workspaces/start.ts")),
        stop: leaf(() => import("./workspaces/stop.ts")),
        restart: leaf(() => import("./workspaces/restart.ts")),
        rebuild: leaf(() => import("./workspaces/rebuild.ts")),
        rm: leaf(() => import("./workspaces/rm.ts")),
        logs: leaf(() => import("./workspaces/logs.ts")),
        cancel: leaf(() => import("./workspaces/cancel.ts")),
        edit: leaf(() => import("./workspaces/edit.ts")),
        builds: leaf(() => import("./workspaces/builds.ts")),
      },
    },
    tokens: {
      summary: "Make and revoke API tokens of your own",
      children: {
        ls: leaf(() => import("./tokens/ls.ts")),
        create: leaf(() => import("./tokens/create.ts")),
        rm: leaf(() => import("./tokens/rm.ts")),
      },
    },
    users: {
      summary: "Add people and decide what they may do",
      children: {
        ls: leaf(() => import("./users/ls.ts")),
        add: leaf(() => import("./users/add.ts")),
        edit: leaf(() => import("./users/edit.ts")),
      },
    },
    orgs: {
      summary: "See the organizations you belong to",
      children: { ls: leaf(() => import("./orgs/ls.ts")) },
    },
    audit: {
      summary: "See what changed, and who changed it",
      children: { ls: leaf(() => import("./audit/ls.ts")) },
    },
    server: leaf(() => import("./server.ts")),
    sandbox: {
      summary: "Run a local AWS with a private ECR registry, to try Berth without an account",
      own: leaf(() => import("./sandbox/run.ts")),
      children: { reset: leaf(() => import("./sandbox/reset.ts")) },
    },
    completion: leaf(() => import("./completion.ts")),
  },
};
