/** The carriers of the spread-spectrum mark: keyed plane waves, the same at any resolution. */

import type { Key } from "./key";
import type { Plane } from "./plane";

const COUNT = 24;
/** Cycles across the image. */
const LOWEST = 24;
const HIGHEST = 42;

/** Values of all carriers along one axis: carrier m at pixel p stands at m * size + p. */
interface Waves {
  cosine: Float32Array;
  sine: Float32Array;
  size: number;
}

/** Plane waves cos(2 pi (u x + v y) + phase) with x, y in [0, 1] across the image. */
export class Carriers {
  /** Whole cycles (u, v) across the image's width and height. */
  readonly frequencies: [number, number][];
  /** Radians, drawn from the key and from nothing else. */
  readonly phases: number[];

  constructor(key: Key) {
    const candidates = ring();
    const lots = key.numbers("spread-spectrum frequencies", candidates.length);
    const order = [...lots.keys()].sort((one, other) => lots[one] - lots[other]);
    this.frequencies = order.slice(0, COUNT).map((place) => candidates[place]);
    this.phases = Array.from(key.numbers("spread-spectrum phases", COUNT), (number) => 2 * Math.PI * number);
  }

  /** Prepare the sum of all carriers, with a mean square of 1; the result fills one row after the other. */
  pattern(width: number, height: number): (row: number, into: Float32Array) => void {
    const across = this.waves(width, 0);
    const down = this.waves(height, 1);
    const loudness = Math.sqrt(2 / COUNT);
    const turns = this.phases.map((phase) => [Math.cos(phase) * loudness, Math.sin(phase) * loudness]);
    return (row, into) => {
      into.fill(0);
      turns.forEach(([real, imaginary], wave) => {
        const c = down.cosine[wave * height + row];
        const s = down.sine[wave * height + row];
        addWave(into, across, wave, real * c - imaginary * s, imaginary * c + real * s);
      });
    };
  }

  /** Phase of a picture's component at each carrier's frequency, radians. */
  phasesOf({ values, width, height }: Plane): number[] {
    const across = this.waves(width, 0);
    const down = this.waves(height, 1);
    return this.frequencies.map((_, wave) => {
      let real = 0;
      let imaginary = 0;
      for (let row = 0; row < height; row++) {
        let cosine = 0;
        let sine = 0;
        for (let column = 0; column < width; column++) {
          cosine += values[row * width + column] * across.cosine[wave * width + column];
          sine += values[row * width + column] * across.sine[wave * width + column];
        }
        const c = down.cosine[wave * height + row];
        const s = down.sine[wave * height + row];
        real += cosine * c - sine * s;
        imaginary -= cosine * s + sine * c;
      }
      return Math.atan2(imaginary, real);
    });
  }

  private waves(size: number, axis: 0 | 1): Waves {
    const cosine = new Float32Array(COUNT * size);
    const sine = new Float32Array(COUNT * size);
    this.frequencies.forEach((frequency, wave) => {
      for (let pixel = 0; pixel < size; pixel++) {
        const angle = (2 * Math.PI * frequency[axis] * (pixel + 0.5)) / size;
        cosine[wave * size + pixel] = Math.cos(angle);
        sine[wave * size + pixel] = Math.sin(angle);
      }
    });
    return { cosine, sine, size };
  }
}

function addWave(into: Float32Array, { cosine, sine, size }: Waves, wave: number, real: number, imaginary: number): void {
  const start = wave * size;
  for (let column = 0; column < size; column++) {
    into[column] += real * cosine[start + column] - imaginary * sine[start + column];
  }
}

/** The frequencies to draw from: one half of the plane, since a real image has the other half mirrored. */
function ring(): [number, number][] {
  const found: [number, number][] = [];
  for (let v = 0; v <= HIGHEST; v++) {
    for (let u = -HIGHEST; u <= HIGHEST; u++) {
      const radius = Math.hypot(u, v);
      if (radius >= LOWEST && radius <= HIGHEST && (v > 0 || u > 0)) found.push([u, v]);
    }
  }
  return found;
}
