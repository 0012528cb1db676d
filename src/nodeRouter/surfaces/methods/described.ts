// What `describe` takes: for the command and for the method, which load apart from each other.
export const DESCRIBED = ["node", "agent", "rule"] as const;
