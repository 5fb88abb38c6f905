/** A cyclic redundancy check over bits: tells a message that was repaired wrongly. */

export const CHECK_BITS = 12;
/** x^12 + x^11 + x^3 + x^2 + x + 1 (CRC-12), the highest power left out. */
const POLYNOMIAL = 0x80f;
/** Not 0, so that a message of nothing but zeros has a checksum of its own. */
const START = 0xace;

export type Bits = Uint8Array;

/** The 12 check bits of a message of bits, 0 or 1 each. */
export function checksum(message: Bits): Bits {
  let register = START;
  for (const bit of message) {
    const carry = (register >> (CHECK_BITS - 1)) ^ bit;
    register = (register << 1) & (2 ** CHECK_BITS - 1);
    if (carry) register ^= POLYNOMIAL;
  }
  return toBits(register, CHECK_BITS);
}

/** A whole number below 2^32 as bits, the highest first. */
export function toBits(number: number, count: number): Bits {
  return Uint8Array.from({ length: count }, (_, place) => Math.floor(number / 2 ** (count - 1 - place)) % 2);
}

/** Bits, the highest first, as a whole number. */
export function toNumber(bits: Bits): number {
  return bits.reduce((number, bit) => 2 * number + bit, 0);
}
