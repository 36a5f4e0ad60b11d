// Wall time as text, both ways: the date of an HTTP header to milliseconds since 1970, and those to the text that a
// reading carries. Pure. Knows no clock, and nothing of who sent the header.
//
// Both sides keep to the years 2020 to 2099. So the 1970 of a server without a clock of its own can neither come in nor
// go out, and every fourth year is a leap year. All sums are of whole numbers below 2^53, which doubles hold exactly.

/** Bytes of an IMF-fixdate, `Sun, 06 Nov 1994 08:49:37 GMT`. */
export const HTTP_DATE_LENGTH = 29

/** 2020-01-01, a leap year and so the start of a cycle, in days since 1970 and ms since 1970; and the first ms of 2100. */
const FIRST_YEAR = 2020
const LAST_YEAR = 2099
const FIRST_DAY = 18262
const FIRST_MS = 1577836800000
const END_MS = 4102444800000

const DAY_MS = 86400000
/** Days of four years, one of them a leap year. */
const CYCLE_DAYS = 1461

/** What stands between names and digits (`-`) in an IMF-fixdate. */
const FORM = "---, -- --- ---- --:--:-- GMT"
const DASH = 45
const WEEKDAYS = "SunMonTueWedThuFriSat"
const MONTHS = "JanFebMarAprMayJunJulAugSepOctNovDec"

/** Days of a month, 1 to 12, of a year from 2020 to 2099. */
function monthDays(year: number, month: number): number {
    if (month === 2) return (year & 3) === 0 ? 29 : 28
    // the long months are odd up to July and even from August
    return 30 + ((month + (month >> 3)) & 1)
}

/** The number written in `n` bytes from `from`, or -1 when one is no digit. */
function digits(b: Buffer, from: number, n: number): number {
    let x = 0
    for (let i = 0; i < n; i++) {
        const digit = (b[from + i] as number) - 48
        if (digit < 0) return -1
        if (digit > 9) return -1
        x = x * 10 + digit
    }
    return x
}

/** Which of `names`, three letters each, stands at `from`; from 0, or -1. */
function nameAt(b: Buffer, from: number, names: string): number {
    for (let i = 0; i < names.length; i += 3) {
        if (names.charCodeAt(i) !== b[from]) continue
        if (names.charCodeAt(i + 1) !== b[from + 1]) continue
        if (names.charCodeAt(i + 2) === b[from + 2]) return i / 3
    }
    return -1
}

/**
 * Milliseconds since 1970 of an IMF-fixdate (RFC 9110, 5.6.7), or undefined for anything else: the two obsolete forms,
 * another case, a day its month has not, a weekday that is not that day's, a year before 2020 or after 2099. Second 60
 * is a leap second, which only the last minute of a day can have, and is the first of the next day. Never throws.
 */
export function httpDateMs(b: Buffer): number | undefined {
    if (b.length !== HTTP_DATE_LENGTH) return undefined
    for (let i = 0; i < HTTP_DATE_LENGTH; i++) {
        const fixed = FORM.charCodeAt(i)
        if (fixed !== DASH) if (b[i] !== fixed) return undefined
    }
    const year = digits(b, 12, 4)
    if (year < FIRST_YEAR) return undefined
    if (year > LAST_YEAR) return undefined
    const month = nameAt(b, 8, MONTHS) + 1
    if (month === 0) return undefined
    const day = digits(b, 5, 2)
    if (day < 1) return undefined
    if (day > monthDays(year, month)) return undefined

    let days = day - 1
    for (let m = 1; m < month; m++) days += monthDays(year, m)
    const years = year - FIRST_YEAR
    days += FIRST_DAY + years * 365 + ((years + 3) >> 2)
    // 1970 began on a Thursday
    const weekday = days + 4 - Math.floor((days + 4) / 7) * 7
    if (nameAt(b, 0, WEEKDAYS) !== weekday) return undefined

    const hour = digits(b, 17, 2)
    const minute = digits(b, 20, 2)
    const second = digits(b, 23, 2)
    if (hour < 0) return undefined
    if (hour > 23) return undefined
    if (minute < 0) return undefined
    if (minute > 59) return undefined
    if (second < 0) return undefined
    if (second > 59) {
        if (second > 60) return undefined
        if (hour * 60 + minute !== 1439) return undefined
    }
    return days * DAY_MS + ((hour * 60 + minute) * 60 + second) * 1000
}

function two(x: number): string {
    return x < 10 ? "0" + x : "" + x
}

/**
 * Wall time in ms since 1970, rounded to whole ms, as RFC 3339 text in UTC: `2026-11-21T08:49:37Z`, and with the
 * milliseconds, `2026-11-21T08:49:37.123Z`, when they are not 0. Both servers read both (aeson's UTCTime and Go's
 * time.Time), and without them two readings of one second would look like one repeated. Undefined outside 2020 to 2099.
 */
export function isoText(ms: number): string | undefined {
    const all = Math.round(ms)
    // NaN fails every comparison
    if (!(all >= FIRST_MS)) return undefined
    if (all >= END_MS) return undefined
    let days = Math.floor((all - FIRST_MS) / DAY_MS)
    const inDay = all - FIRST_MS - days * DAY_MS

    const cycles = Math.floor(days / CYCLE_DAYS)
    let year = FIRST_YEAR + 4 * cycles
    days -= cycles * CYCLE_DAYS
    if (days >= 366) {
        // the three years of 365 days behind the leap year
        const more = Math.floor((days - 366) / 365)
        year += 1 + more
        days -= 366 + more * 365
    }
    let month = 1
    for (let n = 31; days >= n; n = monthDays(year, month)) {
        days -= n
        month++
    }

    const seconds = Math.floor(inDay / 1000)
    const millis = inDay - seconds * 1000
    const minutes = Math.floor(seconds / 60)
    const hour = Math.floor(minutes / 60)
    let fraction = ""
    if (millis > 0) fraction = "." + ("" + (1000 + millis)).slice(1)
    return [
        year + "-" + two(month) + "-" + two(days + 1) + "T" + two(hour),
        two(minutes - hour * 60),
        two(seconds - minutes * 60) + fraction + "Z",
    ].join(":")
}
