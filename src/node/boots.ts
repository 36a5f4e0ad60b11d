// The count of this chip's starts, why the run before this one ended, and how a node that crashes again and again keeps
// itself back. One setting remembers it. Never throws; without settings the count is 0 and the node starts all the same.
//
// Why a run ended: an orderly end writes its reason first (`uptime`, `command`, `sleep`). Otherwise `ds.millis()` tells: it
// begins at 0 with the chip (`power`: plugged in, a reset, a brown-out, or a crash of the platform itself) and goes on when
// only the program was started anew (`crash`: an exception, no memory; or a new program was put into the chip).
//
// What the flash has to bear. A record takes 24 bytes and its own length, 80 as a rule and 232 at most; an RP2040's log has
// two banks of 8,192 bytes, and one is erased whenever the other is full: after 30 records of the longest kind with 0.4 kB
// of settings beside them. 100,000 erasures a bank are 2 x 100,000 x 30 = 6 million records. Written are
//   - one at each start, and one when crashes are forgotten;
//   - the last fault, when its text is another one, at most once an hour (and once after power came back);
//   - one at an orderly end, and what kept.ts keeps.
// From the third crash in a row on a start keeps itself back, before it connects and before it writes, for 5 s and twice
// that each time up to 5 min. A program that crashes 5 s after each start comes to 24 x 3,600 / 305 + 24 = 307 records a
// day, 53 years; one that crashes while it is kept back writes nothing; one that is well writes at most 24 a day. What
// starts the chip itself anew is not slowed down: power that fails every 10 s comes to 8,640 a day, two years. (An ESP32
// has two banks of 16,384 bytes and bears twice as much.)

import * as ds from "@devicescript/core"
import { MAX_SETTING, Setting } from "../config/keys"
import { keepSetting, setting } from "../config/settings"
import { lastFault, report } from "./report"

/** The first start of a program comes 1.1 s after the chip's, one after a crash 5 s after that: ms between the two. */
const FRESH_CHIP = 5000

/** A run that lasted this long, in ms, was none of a series of crashes. */
const STEADY = 600000

/** Crashes in a row from which on a start keeps itself back; the first wait and the longest, in ms. */
const TOO_MANY = 3
const FIRST_WAIT = 5000
const LONGEST_WAIT = 300000

/** ms between two faults that are kept. */
const FAULT_GAP = 3600000

/** Longest text of a fault that is kept, in characters; up to twice that as JSON, of 232 bytes. */
const MAX_FAULT = 60

/** What the setting holds. Times in ms. */
interface Stored {
    /** Starts. */
    n: number
    /** Starts in a row that came of a crash and did not last. */
    c: number
    /** Why the run ended, if in good order. */
    why: string
    /** The last fault, and ds.millis() then. */
    f: string
    at: number
    /** Of readings kept in flash (kept.ts): the settings they fill, the configuration they are of, the clocks at the next start. */
    k: number
    g: number
    t: number
    w: number
}

/** @devsWhenUsed */
export class Boots {
    /** The number of this start, from 1; 0 while it is not known. */
    count = 0
    /** Why the run before this one ended. */
    why = "power"
    /** The last fault kept, of this run or one before. */
    fault = ""
    /** What the run before left, see Stored. */
    keys = 0
    configuration = 0
    clock = 0
    wall = 0
    private crashes = 0
    private begun = 0
    private faultAt = -FAULT_GAP

    /**
     * Reads what is known of the runs before. Call once, when settings can be read.
     * @param begun when the program was started, ms
     */
    async read(begun: number) {
        this.begun = begun
        if (begun > FRESH_CHIP) this.why = "crash"
        const r = await setting<Stored>(Setting.Boots)
        // anything may stand there
        if (r === undefined || r === null) return
        if (typeof r.n !== "number" || typeof r.c !== "number") return
        this.count = r.n
        if (typeof r.f === "string") this.fault = r.f
        if (r.why) {
            this.why = r.why
            this.keys = r.k ?? 0
            this.configuration = r.g ?? 0
            this.clock = r.t ?? 0
            this.wall = r.w ?? 0
        } else if (this.why === "crash") {
            this.crashes = r.c + 1
            if (r.at <= begun) this.faultAt = r.at
        }
    }

    /** Counts this start; after too many crashes it waits first. */
    async begin() {
        if (this.crashes >= TOO_MANY) {
            let wait = FIRST_WAIT
            for (let i = TOO_MANY; i < this.crashes; i++)
                if (wait < LONGEST_WAIT) wait *= 2
            wait = Math.min(wait, LONGEST_WAIT)
            // not reportFault: what is to be kept is why it crashes
            report(
                "fault text=" +
                    this.crashes +
                    " crashes in a row, waits " +
                    wait +
                    " ms"
            )
            await ds.sleep(wait)
        }
        this.count++
        await this.write("")
    }

    /** Call every few seconds: forgets crashes, keeps the last fault. */
    check(now: number) {
        let due = false
        if (this.crashes > 0)
            if (now - this.begun >= STEADY) {
                this.crashes = 0
                due = true
            }
        const fault = lastFault().slice(0, MAX_FAULT)
        if (fault !== "")
            if (fault !== this.fault)
                if (now - this.faultAt >= FAULT_GAP) {
                    this.fault = fault
                    this.faultAt = now
                    due = true
                }
        // in a fiber of its own: the caller's may be terminated
        if (due) this.write.start("")
    }

    /**
     * Writes down that the run ends in good order, now.
     * @param rest what kept.ts has to say, as JSON after other keys
     */
    async end(why: string, rest: string) {
        this.crashes = 0
        await this.write(why, rest)
    }

    private async write(why: string, rest: string = "") {
        const head =
            '{"n":' +
            this.count +
            ',"c":' +
            this.crashes +
            ',"why":"' +
            why +
            '","at":' +
            Math.round(this.faultAt) +
            rest
        let fault = ',"f":' + JSON.stringify(this.fault)
        // what is quoted takes more, and beyond the bound nothing could be read at all
        if (Buffer.from(head + fault).length > MAX_SETTING - 10) fault = ""
        await keepSetting(Setting.Boots, head + fault + "}")
    }
}
