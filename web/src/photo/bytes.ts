/** Small helpers to read and write files byte by byte. */

export function text(bytes: Uint8Array, start: number, end: number): string {
  return String.fromCharCode(...bytes.subarray(start, Math.min(end, bytes.length)));
}

export function fromText(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

export function join(...parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** A whole number of so many bytes. */
export function number(bytes: Uint8Array, at: number, length: number, little = false): number {
  let value = 0;
  for (let step = 0; step < length; step++) value = 256 * value + (bytes[at + (little ? length - 1 - step : step)] ?? 0);
  return value;
}

export function numberBytes(value: number, length: number, little = false): Uint8Array {
  const bytes = Uint8Array.from({ length }, (_, place) => Math.floor(value / 256 ** (length - 1 - place)) % 256);
  return little ? bytes.reverse() : bytes;
}
