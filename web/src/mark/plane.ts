/** A picture of one channel, row by row. */
export interface Plane {
  values: Float32Array;
  width: number;
  height: number;
}

/** Pixels as a browser holds them: four bytes each, red, green, blue and opacity, row by row. */
export interface Pixels {
  data: Uint8ClampedArray;
  width: number;
  height: number;
}

export function plane(width: number, height: number): Plane {
  return { values: new Float32Array(width * height), width, height };
}

export function sameSize(one: { width: number; height: number }, other: { width: number; height: number }): boolean {
  return one.width === other.width && one.height === other.height;
}
