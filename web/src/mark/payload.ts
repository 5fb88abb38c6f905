/** What a mark says: a version, an owner and a nonce, with a checksum, as the message of a code. */

import { MESSAGE_BITS, encode } from "./bch";
import { CHECK_BITS, type Bits, checksum, toBits, toNumber } from "./checksum";

const VERSION = 1;
const VERSION_BITS = 4;
const OWNER_BITS = 16;
const NONCE_BITS = 32;
/** Bits that may take any value: the version is fixed, and the checksum follows from the rest. */
export const FREE_BITS = OWNER_BITS + NONCE_BITS;
export const LARGEST_OWNER = 2 ** OWNER_BITS - 1;

export interface Payload {
  /** Who marked the photo, by the provider's count; 0 where nobody says. */
  owner: number;
  /** Of the photo: what lets a model send each protected photo its own way. */
  nonce: number;
}

/** The payload as a word of the code, 127 bits. */
export function toWord({ owner, nonce }: Payload): Bits {
  for (const [value, bits] of [[owner, OWNER_BITS], [nonce, NONCE_BITS]] as const) {
    if (!Number.isInteger(value) || value < 0 || value >= 2 ** bits) throw new RangeError(`${value} is not ${bits} bits`);
  }
  const said = [...toBits(VERSION, VERSION_BITS), ...toBits(owner, OWNER_BITS), ...toBits(nonce, NONCE_BITS)];
  return encode(Uint8Array.from([...said, ...checksum(Uint8Array.from(said))]));
}

/** The payload that a message holds; null where its checksum or its version is another one. */
export function fromMessage(message: Bits): Payload | null {
  const said = message.slice(0, MESSAGE_BITS - CHECK_BITS);
  const check = message.slice(MESSAGE_BITS - CHECK_BITS);
  const version = toNumber(said.slice(0, VERSION_BITS));
  if (version !== VERSION || checksum(said).some((bit, place) => bit !== check[place])) return null;
  return {
    owner: toNumber(said.slice(VERSION_BITS, VERSION_BITS + OWNER_BITS)),
    nonce: toNumber(said.slice(VERSION_BITS + OWNER_BITS)),
  };
}
