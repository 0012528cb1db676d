// How many packets that carry no data a server may send: each costs time here, and none of them uses up a window. Pure.

/** At once, beside those that belong to sessions. */
const BURST = 400;
/** Of keep-alives and the like a real server sends one in several seconds. */
const PER_SECOND = 50;
/** Of one session: it is confirmed, its program is accepted, ends, tells how, and is closed; some servers say more. */
const PER_SESSION = 16;

/** Of what was not used. */
const MOST = 2 * BURST;

/** Grows with time and with each session that opens, up to a limit; a packet without data costs some of it. */
export class PacketBudget {
  readonly fact = "it floods the connection with messages that carry no data";
  #left = BURST;
  #atMs: number;
  /** Packets that had been sent to the server when it last made room for more. */
  #sent = 0;

  /** @param nowMs of a clock that is never set */
  constructor(nowMs: number) {
    this.#atMs = nowMs;
  }

  /** A session that was asked for is there. */
  opened(): void {
    this.#left = Math.min(MOST, this.#left + PER_SESSION);
  }

  /** Whether making room answers something that was sent, and so costs nothing. @param sent packets so far */
  answers(sent: number): boolean {
    const isAnswer = sent !== this.#sent;
    this.#sent = sent;
    return isAnswer;
  }

  /** False: there is nothing left to spend. */
  spend(cost: number, nowMs: number): boolean {
    const earned = ((nowMs - this.#atMs) / 1000) * PER_SECOND;
    this.#atMs = nowMs;
    // What sessions brought may stay beyond the burst, and is not added to by time.
    this.#left = Math.max(this.#left, Math.min(BURST, this.#left + earned));
    this.#left -= cost;
    return this.#left >= 0;
  }
}
