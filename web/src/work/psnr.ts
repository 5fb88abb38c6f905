import type { Pixels } from "../mark/plane";

/** Peak signal-to-noise ratio of red, green and blue, dB; infinite for the same pixels. */
export function psnr(one: Pixels, other: Pixels): number {
  let sum = 0;
  for (let at = 0; at < one.data.length; at += 4) {
    for (let channel = at; channel < at + 3; channel++) sum += (one.data[channel] - other.data[channel]) ** 2;
  }
  return 10 * Math.log10((255 ** 2 * one.width * one.height * 3) / sum);
}
