// Numbered steps with their times, so that whoever waits sees what for.

/** Counts the steps of a job of `total` steps and remembers the one in hand for error messages. */
export function startProgress(total: number) {
  const began = Date.now();
  let number = 0;
  let title = "";
  return {
    /** Runs one step; its title is printed at once, its time when it has ended. */
    async step<Result>(name: string, work: () => Result | Promise<Result>): Promise<Result> {
      number += 1;
      title = name;
      const since = Date.now();
      process.stdout.write(`[${number}/${total}] ${name} ...`);
      try {
        const result = await work();
        process.stdout.write(` ${((Date.now() - since) / 1000).toFixed(1)} s\n`);
        return result;
      } catch (error) {
        process.stdout.write(" FAILED\n");
        throw error;
      }
    },
    /** The step in hand, for the message of a failure. */
    current: (): string => `step ${number}/${total} (${title})`,
    seconds: (): number => Math.round((Date.now() - began) / 1000),
  };
}

/** Prints text as a block below a step. */
export const show = (text: string): void => console.log(`${text.trimEnd().replace(/^/gm, "      ")}\n`);
