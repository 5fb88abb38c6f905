/** What could not be done, as a message of the page: its name in the message files, and what is to be filled in. */
export class Problem extends Error {
  constructor(
    readonly key: string,
    readonly facts: Record<string, string | number> = {},
  ) {
    super(key);
    this.name = "Problem";
  }
}
