// The shape of what an agent tool returns.

export interface ToolOutput {
  content: { type: "text"; text: string }[];
  details: unknown;
}

/** Text for the model, and the same as data for clients. */
export function textResult(text: string, details: unknown): ToolOutput {
  return { content: [{ type: "text", text }], details };
}
