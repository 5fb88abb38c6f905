/** The secret that makes a mark one provider's: 32 random bytes, a file, a fingerprint. */

import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { shake256 } from "@noble/hashes/sha3.js";
import { Problem } from "../problem";

const SECRET_BYTES = 32;
const CHECK_BYTES = 4;
const HEADER = "unfind-key-1";

/** A secret from which every keyed choice is derived. */
export class Key {
  constructor(readonly secret: Uint8Array) {
    if (secret.length !== SECRET_BYTES) throw new Problem("key.damaged");
  }

  /** A key nobody else has, from the browser's source of randomness. */
  static fresh(): Key {
    return new Key(crypto.getRandomValues(new Uint8Array(SECRET_BYTES)));
  }

  /**
   * Read the content of a key file.
   *
   * @throws Problem for another kind of text, a truncated or a mistyped key.
   */
  static fromText(text: string): Key {
    const [header, body, ...more] = text.trim().split(":");
    if (header !== HEADER || body === undefined || more.length > 0) throw new Problem("key.other");
    const raw = fromBase64(body);
    const secret = raw.slice(0, SECRET_BYTES);
    if (raw.length !== SECRET_BYTES + CHECK_BYTES || !same(checkOf(secret), raw.slice(SECRET_BYTES))) {
      throw new Problem("key.damaged");
    }
    return new Key(secret);
  }

  /** The content of a key file: header, secret and checksum, on one line. */
  toText(): string {
    const whole = [...this.secret, ...checkOf(this.secret)];
    const body = btoa(String.fromCharCode(...whole)).replaceAll("+", "-").replaceAll("/", "_");
    return `${HEADER}:${body}\n`;
  }

  /** 16 hex digits that name the key without giving it away. */
  get fingerprint(): string {
    return [...this.derive("fingerprint").slice(0, 8)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  }

  /** 32 bytes for one purpose, so that no use of the key tells of another. */
  derive(purpose: string): Uint8Array {
    return hmac(sha256, this.secret, new TextEncoder().encode(`unfind ${purpose}`));
  }

  /** Numbers, uniform in [0, 1), for one purpose: 53 bits each of a SHAKE-256 stream. */
  numbers(purpose: string, count: number): Float64Array {
    const stream = shake256(this.derive(purpose), { dkLen: 8 * count });
    const view = new DataView(stream.buffer, stream.byteOffset);
    return Float64Array.from({ length: count }, (_, place) => {
      return Number(view.getBigUint64(8 * place, true) >> 11n) / 2 ** 53;
    });
  }
}

function checkOf(secret: Uint8Array): Uint8Array {
  return sha256(secret).slice(0, CHECK_BYTES);
}

function fromBase64(text: string): Uint8Array {
  if (!/^[A-Za-z0-9_-]+$/.test(text)) throw new Problem("key.damaged");
  try {
    const plain = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
    return Uint8Array.from(plain, (character) => character.charCodeAt(0));
  } catch {
    throw new Problem("key.damaged");
  }
}

function same(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, place) => byte === other[place]);
}
