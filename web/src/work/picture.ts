/** Small pictures to look at, no larger than a screen shows them. */

import type { Pixels } from "../mark/plane";

/** A picture as a file, its longer side at most `side` pixels. */
export async function picture(pixels: Pixels, side: number): Promise<Blob> {
  const scale = Math.min(1, side / Math.max(pixels.width, pixels.height));
  const image = new ImageData(pixels.data as ImageDataArray, pixels.width, pixels.height);
  const resizeWidth = Math.max(1, Math.round(pixels.width * scale));
  const resizeHeight = Math.max(1, Math.round(pixels.height * scale));
  const bitmap = await createImageBitmap(image, { resizeWidth, resizeHeight, resizeQuality: "medium" });
  const canvas = new OffscreenCanvas(resizeWidth, resizeHeight);
  canvas.getContext("2d")?.drawImage(bitmap, 0, 0);
  bitmap.close();
  return canvas.convertToBlob({ type: "image/jpeg", quality: 0.85 });
}
