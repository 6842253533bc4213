/**
 * The names of what a run keeps, for those who write and those who read them. MLflow writes a param once; tags can be
 * changed at any time, so they are for search alone, and nothing that decides is read from one.
 */
export const recorded = {
  contract: "contract.json",
  config: "config.yaml",
  origins: "config_origins.json",
  canonical: "source/canonical.json",
  lineage: "lineage.json",
  lineagePicture: "lineage.svg",
  modules: "source/modules",
  model: "model",
  executed: "executed.json",
  outcome: "outcome.json",
  evaluation: "evaluation.json",
  plots: "plots",
  params: {
    contract: "contract.digest",
    config: "config.digest",
    executed: "executed.digest",
    outcome: "outcome.digest",
    asked: {
      experiment: "asked.experiment",
      run: "asked.run",
      config: "asked.config",
      set: "asked.set",
      digest: "asked.digest",
    },
  },
  tags: {
    config: "reprise.config",
    set: "reprise.set",
    replayOf: "reprise.replay_of",
    determinism: "reprise.determinism",
    failure: "reprise.failure",
  },
} as const;
