// What each chip can do and bear: one table, which the checks, the README and the soak read. Facts only; knows no board
// and looks at nothing. Each figure says where it comes from: read in the platform's sources, or measured.

/** DeviceScript's names of its targets; `wasm` is the simulator. */
export type ChipId =
    "esp32" | "esp32c3" | "esp32s2" | "esp32s3" | "rp2040w" | "wasm"

/** Something to know before a board with this chip is put on a wall. */
export interface ChipNote {
    text: string
    /** An issue of microsoft/devicescript, a source file, or how it was measured. */
    source: string
}

export interface Chip {
    id: ChipId
    /** As a person calls it. */
    name: string
    /** KiB that the program's objects share. */
    heapKiB: number
    /** Largest image in bytes that was deployed: bytecode of program, libraries and debug names. */
    maxImage: number
    /** The code section of an image stays below this many bytes. */
    codeBelow: number
    /**
     * `public`: servers with a certificate of one of the 121 public authorities in the runtime, no client certificate, no
     * authority of one's own; `host`: what the machine that simulates trusts; `none`: plain TCP only.
     */
    tls: "public" | "host" | "none"
    /** Whether `Sleep` works: deep sleep, from which the chip starts anew. */
    sleeps: boolean
    /** Whether a broker may be given as an address; else only by name. */
    addresses: boolean
    notes: ChipNote[]
}

const KIB = 1024

/** Program counters have 16 bits: image verification error 1051 (runtime/devicescript/verify.c). */
const CODE_BELOW = 64 * KIB

/** 256 KiB of flash for program and settings: 221,600 B were deployed, 226,880 B were not (measured). */
const ESP_IMAGE = 221_600
/** 128 KiB of flash: 109,888 B were deployed, 111,968 B were not (measured). */
const RP_IMAGE = 109_888
/** 128 KiB of flash, less two tables and a page: see MAX_IMAGE in ../vm/flash.ts. */
const WASM_IMAGE = 110_464

const ESP_TLS: ChipNote = {
    text: "TLS needs a broker with a certificate of a public authority; its dates are not checked, there are no client certificates, and its buffers take tens of KB of the chip's memory besides the heap",
    source: "devicescript-esp32 main/sock.c, mbedtls with MBEDTLS_SSL_VERIFY_REQUIRED",
}
const ESP_WIFI: ChipNote = {
    text: "2.4 GHz Wi-Fi, WPA2 or open; a hidden network is found only right after the start",
    source: "runtime/devicescript/network/wifi.c",
}

function esp(id: ChipId, name: string, heapKiB = 64): Chip {
    return {
        id,
        name,
        heapKiB, // devicescript-esp32 main/jd_user_config.h:35-39
        maxImage: ESP_IMAGE,
        codeBelow: CODE_BELOW,
        tls: "public",
        sleeps: true, // devicescript-esp32: standby() is deep sleep
        addresses: true,
        notes: [ESP_TLS, ESP_WIFI],
    }
}

/** All chips that can be a node, in the order in which they are shown. An RP2040 without the W has no network. */
export const CHIPS: Record<ChipId, Chip> = {
    esp32: esp("esp32", "ESP32"),
    esp32c3: esp("esp32c3", "ESP32-C3"),
    esp32s2: esp("esp32s2", "ESP32-S2", 40),
    esp32s3: esp("esp32s3", "ESP32-S3"),
    rp2040w: {
        id: "rp2040w",
        name: "RP2040 (Pico W)",
        heapKiB: 64, // jacdac-c inc/jd_config.h:273
        maxImage: RP_IMAGE,
        codeBelow: CODE_BELOW,
        tls: "none",
        sleeps: false,
        addresses: false,
        notes: [
            {
                text: "no TLS: use a broker in your own network, or a bridge there that speaks TLS to the one outside",
                source: "issue 672; devicescript-pico src/lwip_sock.c refuses a port below 0",
            },
            {
                text: "give the broker by name, not by address: a connection to an address fails with `can't alloc pcb`",
                source: "issue 664; devicescript-pico src/lwip_sock.c:191 (host_found_pending stays 1)",
            },
            {
                text: "after a lost link a connection within the life of the name's DNS entry fails the same way, for good; a restart of the chip mends it",
                source: "issue 664",
            },
            {
                text: "a link that dies raises no event: only the keep alive notices it",
                source: "devicescript-pico src/lwip_sock.c ignores ERR_ABRT",
            },
            {
                text: "no deep sleep",
                source: "devicescript-pico has no standby()",
            },
        ],
    },
    wasm: {
        id: "wasm",
        name: "simulator",
        heapKiB: 64,
        maxImage: WASM_IMAGE,
        codeBelow: CODE_BELOW,
        tls: "host",
        sleeps: true, // sim/vm carries it out
        addresses: true,
        notes: [],
    },
}

/** The chip of DeviceScript's `archId`, or undefined when it cannot be a node. */
export function chipOf(archId: string): Chip | undefined {
    return Object.hasOwn(CHIPS, archId) ? CHIPS[archId as ChipId] : undefined
}
