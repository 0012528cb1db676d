// How a command reaches the running plugin.

/**
 * Asks the gateway; the answer has the shape that the method's own report type says.
 * @param timeoutMs default: what the command's `--timeout` says.
 */
export type AskGateway = <T>(
  method: string,
  params: Record<string, unknown>,
  timeoutMs?: number,
) => Promise<T>;
