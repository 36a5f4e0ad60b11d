// Well-formed UTF-8 as MQTT wants it, checked on bytes. Pure; the VM's strings and the host's differ
// outside ASCII, so nothing here ever looks at a string.

/**
 * Whether `bytes[from..to)` is well-formed UTF-8 without U+0000 and without surrogate code points
 * [MQTT-1.5.3-1] [MQTT-1.5.3-2] (Unicode 15, table 3-7).
 *
 * One loop and no calls: on a board a call costs as much as looking at six bytes.
 */
export function isMqttText(bytes: Buffer, from: number, to: number): boolean {
    let i = from
    while (i < to) {
        const lead = bytes[i] as number
        i++
        if (lead < 0x80) {
            if (lead === 0) return false
            continue
        }
        // the range of the second byte excludes over-long forms, surrogates and what is above U+10FFFF
        let low = 0x80
        let high = 0xbf
        let more = 0
        if (lead >= 0xc2 && lead <= 0xdf) more = 1
        else if (lead >= 0xe0 && lead <= 0xef) {
            more = 2
            if (lead === 0xe0) low = 0xa0
            if (lead === 0xed) high = 0x9f
        } else if (lead >= 0xf0 && lead <= 0xf4) {
            more = 3
            if (lead === 0xf0) low = 0x90
            if (lead === 0xf4) high = 0x8f
        } else return false
        if (i + more > to) return false
        while (more > 0) {
            const next = bytes[i] as number
            i++
            if (next < low || next > high) return false
            low = 0x80
            high = 0xbf
            more--
        }
    }
    return true
}
