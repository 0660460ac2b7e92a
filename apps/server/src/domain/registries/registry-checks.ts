import { randomUUID } from "node:crypto";
import type { CheckStep, RegistryCheck } from "@berth/api";
import { RegistryError } from "@berth/oci";
import type { Actor, Origin } from "../actor.ts";
import type { AuditLog } from "../audit.ts";
import { authorize, notFound } from "../authorization.ts";
import { failureOf } from "../failure.ts";
import { type DefaultOrganization, organizationOr } from "../organization-choice.ts";
import type { Transact } from "../transact.ts";
import type { EcrCheckReport, EcrCheckStep, EcrGateway } from "./ecr-gateway.ts";
import type { RegistryRecord } from "./registry.ts";
import type { Connection, RegistryConnections } from "./registry-connections.ts";
import { readSettings, type SettingsInput } from "./registry-settings.ts";

export type CheckResult = { at: Date; ok: boolean; code: string | null };

export type RegistryChecksDeps = {
  registries: { find(id: string): Promise<RegistryRecord | undefined> };
  transaction: Transact<{
    registries: {
      /** Nothing happens when the registry has had other keys or another host meanwhile. */
      recordCheck(id: string, generation: number, result: CheckResult): Promise<void>;
    };
    audit: AuditLog;
  }>;
  organizations: DefaultOrganization;
  connections: RegistryConnections;
  ecr: EcrGateway;
  forgetListings(registryId: string): void;
  now(): number;
};

/** Tries connections step by step, before and after they are saved. */
export class RegistryChecks {
  readonly #deps: RegistryChecksDeps;

  constructor(deps: RegistryChecksDeps) {
    this.#deps = deps;
  }

  /** Tries what is not saved, and stores nothing. Throws what `readSettings` throws. */
  async checkNew(
    actor: Actor,
    input: SettingsInput & { organizationId?: string | undefined; repository?: string | undefined },
    signal: AbortSignal,
  ): Promise<RegistryCheck> {
    const organizationId = await organizationOr(this.#deps.organizations, input.organizationId);
    authorize(actor, "registry.write", { kind: "registry", organizationId });
    const { ecr, keys } = readSettings(input, this.#deps.ecr);
    const unsaved = { registryId: randomUUID(), host: ecr.registryHost, generation: 1 };
    return await this.#run(this.#deps.connections.connect(unsaved, keys), input.repository, signal);
  }

  /** Tries a saved registry, and stores whether it worked. Throws NOT_FOUND. */
  async check(
    id: string,
    repository: string | undefined,
    by: { actor: Actor; origin: Origin },
    signal: AbortSignal,
  ): Promise<RegistryCheck> {
    const record = await this.#deps.registries.find(id);
    if (!record) throw notFound("registry");
    authorize(by.actor, "registry.read", { kind: "registry", organizationId: record.organizationId });
    const connection = await this.#deps.connections.open(id);
    const check = await this.#run(connection, repository, signal);
    const result = { at: new Date(check.at), ok: check.ok, code: firstFailure(check.steps) };
    await this.#deps.transaction(async ({ registries, audit }) => {
      await registries.recordCheck(id, connection.generation, result);
      await audit.record({
        ...by,
        action: "registry.check",
        target: { kind: "registry", id, name: record.name },
        organizationId: record.organizationId,
        changes: { lastCheck: { from: lastCheckOf(record), to: { ok: result.ok, code: result.code } } },
      });
    });
    // Whoever checks has changed something in AWS, as like as not: the next list shows it.
    this.#deps.forgetListings(id);
    return check;
  }

  async #run(connection: Connection, repository: string | undefined, signal: AbortSignal): Promise<RegistryCheck> {
    const startedAt = this.#deps.now();
    const sample = repository?.trim();
    const report = await this.#deps.ecr.check({
      registry: connection.host,
      credentials: connection.keys,
      ...(sample && { sampleRepository: sample }),
      signal,
    });
    return checkView(report, startedAt, this.#deps.now());
  }
}

function checkView(report: EcrCheckReport, startedAt: number, endedAt: number): RegistryCheck {
  return {
    ok: report.ok,
    at: new Date(endedAt).toISOString(),
    durationMs: endedAt - startedAt,
    summary: report.summary,
    steps: report.steps.map(stepView),
  };
}

function stepView({ id, title, status, durationMs, code, detail, fix }: EcrCheckStep): CheckStep {
  const said = { ...(detail !== undefined && { message: detail }), ...(fix && { fix }) };
  return {
    id,
    title,
    status,
    durationMs,
    ...(detail !== undefined && { detail }),
    ...(code !== undefined && { failure: failureOf(new RegistryError(code, {}, said)) }),
  };
}

const firstFailure = (steps: readonly CheckStep[]): string | null =>
  steps.find(({ status }) => status === "failed")?.failure?.code ?? null;

const lastCheckOf = ({ lastCheck }: RegistryRecord) => lastCheck && { ok: lastCheck.ok, code: lastCheck.code };
