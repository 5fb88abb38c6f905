/** Files to pixels and back: upright, in the file's own colours, and with nothing beside the picture but what may travel. */

import type { Pixels } from "../mark/plane";
import { Problem } from "../problem";
import type { Container, Facts } from "./container";
import { carried, orientationOf } from "./exif";
import { jpeg } from "./jpeg";
import { png } from "./png";
import { type Format, photoFormat } from "./signature";
import { webp } from "./webp";

const CONTAINERS: Record<Format, Container> = { jpeg, png, webp };
/** 50 million pixels: phones take 48. Decoded, one such photo holds 200 MB. */
export const MOST_PIXELS = 50_000_000;
/** Where the photo has none of its own. */
export const USUAL_QUALITY = 90;

/** A photo that was read. */
export interface Photo {
  facts: Facts;
  /** Upright, in the colours of `facts.icc`. */
  pixels: Pixels;
}

/** Tell what a file is; a Problem when it is no photo, damaged, or too large. */
export function inspect(file: Uint8Array): Facts {
  const facts = CONTAINERS[photoFormat(file)].facts(file);
  const { width, height } = facts;
  if (width < 1 || height < 1) throw new Problem("photo.damaged");
  if (width * height > MOST_PIXELS) {
    throw new Problem("photo.large", { pixels: Math.round((width * height) / 1e6), most: MOST_PIXELS / 1e6 });
  }
  return facts;
}

/** Decode a photo. The browser sees neither its profile nor its orientation, so that all browsers agree. */
export async function decode(file: Uint8Array): Promise<Photo> {
  const facts = inspect(file);
  const bare = CONTAINERS[facts.format].withBlocks(file, undefined, undefined);
  const bitmap = await createImageBitmap(new Blob([bare], { type: `image/${facts.format}` })).catch(() => {
    throw new Problem("photo.damaged");
  });
  const canvas = turnedCanvas(bitmap, orientationOf(facts.exif));
  bitmap.close();
  const { data, width, height } = context(canvas).getImageData(0, 0, canvas.width, canvas.height);
  return { facts, pixels: { data: data as Uint8ClampedArray, width, height } };
}

/** Write pixels as the file that the photo was, without its place and whatever else must not travel. */
export async function encode(pixels: Pixels, facts: Facts, quality: number | undefined): Promise<Uint8Array<ArrayBuffer>> {
  const canvas = new OffscreenCanvas(pixels.width, pixels.height);
  const image = new ImageData(pixels.data as ImageDataArray, pixels.width, pixels.height);
  context(canvas).putImageData(image, 0, 0);
  const type = `image/${facts.format}`;
  const blob = await canvas.convertToBlob({ type, quality: (quality ?? facts.quality ?? USUAL_QUALITY) / 100 });
  if (blob.type !== type) throw new Problem("photo.notWritable", { kind: facts.format.toUpperCase() });
  const file = new Uint8Array(await blob.arrayBuffer());
  return CONTAINERS[facts.format].withBlocks(file, carried(facts.exif), facts.icc);
}

/** For each EXIF orientation: the matrix that turns a picture of width w and height h upright. */
const TURNS: Record<number, (w: number, h: number) => [number, number, number, number, number, number]> = {
  1: () => [1, 0, 0, 1, 0, 0],
  2: (w) => [-1, 0, 0, 1, w, 0],
  3: (w, h) => [-1, 0, 0, -1, w, h],
  4: (_, h) => [1, 0, 0, -1, 0, h],
  5: () => [0, 1, 1, 0, 0, 0],
  6: (_, h) => [0, 1, -1, 0, h, 0],
  7: (w, h) => [0, -1, -1, 0, h, w],
  8: (w) => [0, -1, 1, 0, 0, w],
};

function turnedCanvas(bitmap: ImageBitmap, orientation: number): OffscreenCanvas {
  const { width, height } = bitmap;
  const canvas = orientation > 4 ? new OffscreenCanvas(height, width) : new OffscreenCanvas(width, height);
  const drawing = context(canvas);
  drawing.imageSmoothingEnabled = false;
  drawing.setTransform(...TURNS[orientation](width, height));
  drawing.drawImage(bitmap, 0, 0);
  return canvas;
}

function context(canvas: OffscreenCanvas): OffscreenCanvasRenderingContext2D {
  // Read often: the pixels stay in memory and are not fetched from a graphics card.
  const drawing = canvas.getContext("2d", { willReadFrequently: true });
  if (!drawing) throw new Problem("work.memory");
  return drawing;
}
