// What a slower solver would look like, to see that it is noticed. Looking at the clock around each Check would add a tenth of a
// microsecond or more to it, a third of what is to be added, so of every 256 Checks 16 are timed together and the
// others idle in proportion.
import { median } from "../load/median.ts";
import type { ResidentCheck } from "./resident-check.ts";

const CYCLE = 256;
const TIMED = 16;
const SPINS = 4_000;
/** Of so many cycles the median: what kept the thread from one of them stays out. */
const REMEMBERED = 9;

/**
 * The same Check, longer by a share of its own time.
 * @param share 0.3: by 30 %; 0: as it is
 */
export function slowed(check: ResidentCheck, share: number): ResidentCheck {
  if (share === 0) return check;
  const found: number[] = [];
  let [call, begin, spins] = [0, 0, 0];
  const timed = () => {
    const checkMs = (performance.now() - begin) / TIMED;
    const spinBegin = performance.now();
    spin(SPINS);
    const spinMs = (performance.now() - spinBegin) / SPINS;
    found[((call / CYCLE) % REMEMBERED) | 0] = checkMs / spinMs;
    spins = Math.round(median(found) * share * (CYCLE / (CYCLE - TIMED)));
  };
  return (asked) => {
    const turn = call % CYCLE;
    call += 1;
    if (turn === 0) begin = performance.now();
    const allowed = check(asked);
    if (turn >= TIMED) spin(spins);
    else if (turn === TIMED - 1) timed();
    return allowed;
  };
}

let idle = 1;

function spin(times: number): void {
  let value = idle;
  for (let time = 0; time < times; time += 1) value = (Math.imul(value, 1_664_525) + 1) | 0;
  idle = value;
}
