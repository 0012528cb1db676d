// How the agent tool node_process describes itself; what it does loads when it is first called.

export const NODE_PROCESS = {
  name: "node_process",
  label: "Node process",
  description:
    "Looks after commands that exec started on a node with background: true, also after a restart of the gateway. list: your jobs, and how each is. poll: new output since the last poll, and whether it ended with which exit status. log: the output from the start. kill: ends the job and everything it started.",
  parameters: {
    type: "object",
    additionalProperties: false,
    required: ["action"],
    properties: {
      action: { type: "string", enum: ["list", "poll", "log", "kill"] },
      jobId: { type: "string", description: "As exec told it, nr-…; not needed for list." },
    },
  },
} as const;
