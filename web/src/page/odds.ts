/** Of a chance: one in how many, as a power of ten that it does not exceed. */
export function oddsText(chance: number): string {
  // Below the smallest number there is, nothing more can be said.
  const power = Math.floor(-Math.log10(Math.max(chance, Number.MIN_VALUE)));
  return `10${[...String(power)].map((digit) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(digit)]).join("")}`;
}
