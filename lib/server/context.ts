import type { ConfigEntry } from "../commands/config.ts";
import type { RegistryListing } from "../commands/listing.ts";
import type { RegistryEntry } from "../commands/registry_entry.ts";
import type { Contract } from "../contract/contract.ts";
import type { ReportDocument } from "../replay/report.ts";
import type { TrackingStore } from "../tracking/store.ts";
import type { Jobs } from "./job.ts";

export type { ConfigEntry };

/** What a server's routes and pages work with. Whatever is of today's code, or takes long, is asked of a process of its own. */
export interface ServerContext {
  /** The jobs of this server. */
  readonly jobs: Jobs;
  /** The store of this server, without credentials. */
  readonly trackingUri: string;
  /** The server's store; the same one for every caller, so that only the server disposes of it. */
  openStore(): Promise<TrackingStore>;
  /** The configs in `configs/`, by name; replay configs aren't among them. */
  experiments(): Promise<readonly ConfigEntry[]>;
  /** What the project's registry has. */
  registry(): Promise<RegistryListing>;
  /** What has a name in the registry or in `configs/`, of the kind that is asked for. */
  registryEntry(name: string, kind?: RegistryEntry["kind"]): Promise<RegistryEntry>;
  /** The contract that a run of a config would record now. */
  contract(experiment: string): Promise<Contract>;
  /** A run judged by today's code and data, without training again. */
  report(runId: string): Promise<ReportDocument>;
  /** What differs between two recorded runs, whose rows may be many. */
  compare(past: string, current: string): Promise<ReportDocument>;
  /** Aborted when the server is shutting down, so that answers that go on for long end. */
  readonly closing: AbortSignal;
}
