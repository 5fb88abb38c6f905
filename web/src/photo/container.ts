/** What a photo's file holds beside its picture, whichever format it has. */

import type { Format } from "./signature";

/** Facts of a file, known before its picture is decoded. */
export interface Facts {
  format: Format;
  /** As stored, before it is turned upright. */
  width: number;
  height: number;
  /** From the TIFF header on. */
  exif?: Uint8Array;
  /** The colour profile of red, green and blue, as the format holds it. */
  icc?: Uint8Array;
  /** Estimated JPEG quality, 1..100. */
  quality?: number;
}

export interface Container {
  /** Read the facts; a Problem when the file is damaged or cut short. */
  facts(file: Uint8Array): Facts;
  /**
   * The same picture with other blocks beside it, or with none.
   *
   * A profile that does not belong to red, green and blue stays, so that a decoder can make these of what there is.
   */
  withBlocks(file: Uint8Array, exif: Uint8Array | undefined, icc: Uint8Array | undefined): Uint8Array<ArrayBuffer>;
}
