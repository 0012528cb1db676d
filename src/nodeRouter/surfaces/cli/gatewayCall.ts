// How a command reaches the running plugin.

/** Asks the gateway; the answer has the shape that the method's own report type says. */
export type AskGateway = <T>(method: string, params: Record<string, unknown>) => Promise<T>;
