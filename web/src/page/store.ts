/** A value that tells when it changes. */
export class Store<T> {
  private readonly listeners: ((value: T) => void)[] = [];
  private held: T;

  constructor(first: T) {
    this.held = first;
  }

  get value(): T {
    return this.held;
  }

  set(value: T): void {
    this.held = value;
    for (const listener of this.listeners) listener(value);
  }

  /** Be told of this value and of each later one. */
  watch(listener: (value: T) => void): void {
    this.listeners.push(listener);
    listener(this.held);
  }
}
