/** The keyed spread-spectrum mark: plane waves that people miss and convolutional nets see. */

import { addLuma } from "./addLuma";
import { Carriers } from "./carriers";
import { FALSE_ALARM, chanceOfAgreement } from "./chance";
import type { Key } from "./key";
import { heard, loudnessOf, smallLuma } from "./loudness";
import type { Found, Mark } from "./mark";
import type { Pixels } from "./plane";
import { downRow, linearTaps, resampleAcross } from "./resize";

/** Strength that the detector reckons with; marks of any other one are found too. */
const USUAL_STRENGTH = 1;

export class SpreadSpectrum implements Mark {
  readonly carriers: Carriers;

  constructor(key: Key) {
    this.carriers = new Carriers(key);
  }

  async add(photo: Pixels, strength: number): Promise<void> {
    const { width, height } = photo;
    const loudness = loudnessOf(smallLuma(photo));
    const wide = resampleAcross(loudness, linearTaps(loudness.width, width));
    const down = linearTaps(loudness.height, height);
    const pattern = this.carriers.pattern(width, height);
    const wave = new Float32Array(width);
    addLuma(photo, (row, into) => {
      pattern(row, wave);
      downRow(wide, down, row, into);
      for (let column = 0; column < width; column++) into[column] *= strength * wave[column];
    });
  }

  async find(photo: Pixels): Promise<Found> {
    const phases = this.carriers.phasesOf(heard(smallLuma(photo), USUAL_STRENGTH));
    const cosines = phases.map((phase, wave) => Math.cos(phase - this.carriers.phases[wave]));
    const agreement = cosines.reduce((sum, value) => sum + value, 0) / cosines.length;
    const falseAlarm = chanceOfAgreement(agreement, cosines.length);
    return { marked: falseAlarm < FALSE_ALARM, agreement, falseAlarm };
  }
}
