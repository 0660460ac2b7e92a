import { describe, expect, test } from "vitest";
import { type Action, planAction } from "./action-plan.ts";
import { aBuild, aWorkspace } from "./testing/workspace-fixture.ts";

const starting = () => aWorkspace({ status: "starting", latestBuild: aBuild({ status: "running" }) });
const stopped = () => aWorkspace({ desired: "stopped", status: "stopped", latestBuild: aBuild({ kind: "stop" }) });
const stopping = () =>
  aWorkspace({ desired: "stopped", status: "stopping", latestBuild: aBuild({ kind: "stop", status: "running" }) });
const failed = () => aWorkspace({ status: "failed", latestBuild: aBuild({ status: "failed" }) });
const deleting = () =>
  aWorkspace({ desired: "deleted", status: "deleting", latestBuild: aBuild({ kind: "delete", status: "running" }) });

describe("planAction", () => {
  test.each([
    ["running", aWorkspace()],
    ["starting", starting()],
  ])("a start of a workspace that is %s changes nothing", (_state, workspace) => {
    expect(planAction(workspace, "start")).toEqual({ type: "nothing" });
  });

  test.each([
    ["stopped", stopped()],
    ["stopping", stopping()],
    ["failed", failed()],
  ])("a start of a workspace that is %s is a build", (_state, workspace) => {
    expect(planAction(workspace, "start")).toMatchObject({ type: "build", kind: "start", desired: "running" });
  });

  test("a start after a cancel, while the cancel is under way, is a new build", () => {
    const canceled = aWorkspace({
      desired: "stopped",
      status: "stopping",
      latestBuild: aBuild({ status: "running", cancelRequested: true }),
    });
    expect(planAction(canceled, "start")).toMatchObject({ type: "build", kind: "start" });
  });

  test.each([
    ["stopped", stopped()],
    ["stopping", stopping()],
  ])("a stop of a workspace that is %s changes nothing", (_state, workspace) => {
    expect(planAction(workspace, "stop")).toEqual({ type: "nothing" });
  });

  test("a stop replaces a start that is under way", () => {
    expect(planAction(starting(), "stop")).toEqual({
      type: "build",
      kind: "stop",
      desired: "stopped",
      status: "stopping",
    });
  });

  test("a cancel leaves the workspace stopped", () => {
    expect(planAction(starting(), "cancel")).toEqual({ type: "cancel", desired: "stopped", status: "stopping" });
  });

  test.each([
    ["running", aWorkspace()],
    ["stopping", stopping()],
    ["stopped", stopped()],
  ])("there is nothing to cancel while it is %s", (_state, workspace) => {
    expect(planAction(workspace, "cancel")).toEqual({ type: "refuse", code: "BUILD_NOT_RUNNING" });
  });

  test.each<Action>(["start", "stop", "restart", "rebuild", "cancel"])("refuses %s while it is deleted", (action) => {
    expect(planAction(deleting(), action)).toEqual({ type: "refuse", code: "WORKSPACE_DELETING" });
  });

  test("deleting twice is deleting once", () => {
    expect(planAction(deleting(), "delete")).toEqual({ type: "nothing" });
    expect(planAction(aWorkspace(), "delete")).toMatchObject({ kind: "delete", desired: "deleted" });
  });
});
