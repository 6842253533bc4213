/** The names of what a run keeps, for those who write and those who read them. */
export const recorded = {
  contract: "contract.json",
  config: "config.yaml",
  origins: "config_origins.json",
  canonical: "source/canonical.json",
  lineage: "lineage.json",
  lineagePicture: "lineage.svg",
  modules: "source/modules",
  model: "model",
  evaluation: "evaluation.json",
  plots: "plots",
  params: { contract: "contract.digest" },
  tags: {
    config: "reprise.config",
    set: "reprise.set",
    replayOf: "reprise.replay_of",
    determinism: "reprise.determinism",
    failure: "reprise.failure",
  },
} as const;
