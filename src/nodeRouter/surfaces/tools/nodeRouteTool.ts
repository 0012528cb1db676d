// How the agent tool node_route describes itself; what it does loads when it is first called.

export const NODE_ROUTE = {
  name: "node_route",
  label: "Node route",
  description:
    "Tells on which machine your exec and other node tools run, with its tags, place and workspace, and why. Takes an optional tool name. With list: true it lists the nodes that your rule may choose for exec instead, with state, place and tags. Changes nothing.",
  parameters: {
    type: "object",
    additionalProperties: false,
    properties: {
      tool: { type: "string", description: 'Tool to ask about; default "exec".' },
      list: { type: "boolean", description: "List the nodes that exec may run on." },
    },
  },
} as const;
