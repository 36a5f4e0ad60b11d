// What a fleet's run comes to: the report, its live line and its text. Pure: figures come in, texts go out.
import type { FleetFigures } from "../fleet/fleet"
import type { Latency } from "../fleet/latency"
import type { Sums } from "../fleet/ledger"

/** What is told while it runs. */
export interface Moment extends FleetFigures {
    nodes: number
    /** Seconds since all were up, or since the first was started. */
    seconds: number
    /** Readings acknowledged a second, and what would be right. */
    rate: number
    wanted: number
    p50?: number
    p99?: number
    /** Since all were up. */
    steady: boolean
}

/** What an independent client has seen. */
export interface Seen {
    arrived: number
    twice: number
    /** Acknowledged to a node, and not arrived. */
    missing: number
    losses: number
}

export interface FleetReport extends Sums {
    date: string
    nodes: number
    /** Readings a second of each node, as asked for. */
    rate: number
    broker: string
    embedded: boolean
    kill: number
    tick: number
    keepAlive: number
    bytecode: number
    /** ms from the first node's power to the last node's `up`; null: some never came up. */
    allUp: number | null
    /** Nodes that were up when the time was taken. */
    up: number
    /**
     * From when all were up to the stop: seconds, readings acknowledged a second, and as a share of what the nodes should have
     * sent in the time for which each was up.
     */
    seconds: number
    readings: number
    share: number
    /** ms from sending to acknowledgement, from when all were up; null: none was. */
    p50: number | null
    p99: number | null
    reconnects: number
    losses: number
    panics: number
    cuts: number
    /** Nodes that did not stop when they were asked to. */
    late: number
    /** null without one. */
    observer: Seen | null
    /** Of the process with the nodes: share of a core while all were up, and MB at the end; both divided by the nodes. */
    cores: number
    coresEach: number
    megabytes: number
    megabytesEach: number
    /** Share of a core of the embedded broker meanwhile; null with --broker. */
    brokerCores: number | null
    troubles: string[]
    troubleCount: number
}

/** Why a run is not what it should be; empty when it is. */
export function failures(r: FleetReport): string[] {
    const why: string[] = []
    if (r.allUp === null) why.push(`${r.nodes - r.up} nodes did not come up`)
    if (r.late > 0) why.push(`${r.late} nodes did not stop and were cut`)
    // NaN, too
    if (r.lost !== 0) why.push(`${r.lost} readings are nowhere`)
    if (r.disagree > 0)
        why.push(`${r.disagree} nodes count otherwise than this program`)
    const missing = r.observer?.missing ?? 0
    if (missing > 0) {
        const { losses } = r.observer!
        why.push(
            `${missing} acknowledged readings did not arrive at the observer` +
                (losses > 0
                    ? `, whose own connection broke ${losses} times`
                    : "")
        )
    }
    return why
}

export function liveLine(m: Moment): string {
    return [
        `${m.steady ? "" : "starting, "}${m.seconds} s`,
        `up ${m.up}/${m.nodes}`,
        `readings ${m.rate.toFixed(m.wanted < 10 ? 1 : 0)}/s (${percent(m.rate / m.wanted)})`,
        `ack p50 ${ms(m.p50)} p99 ${ms(m.p99)}`,
        `reconnects ${m.reconnects}`,
        `waiting ${m.waiting}`,
        `cut ${m.cut}`,
        `lost ${m.lost}`,
    ].join("  ")
}

export function reportText(r: FleetReport): string {
    const dropped = Object.entries(r.dropped).map(([why, n]) => `${why} ${n}`)
    const seen = r.observer
    return [
        `nodes        ${r.nodes}, ${r.up} up${r.allUp === null ? "" : `, all after ${(r.allUp / 1_000).toFixed(1)} s`}; ${r.rate} readings a second each, broker ${r.broker}${r.embedded ? " (embedded, its own process)" : ""}`,
        `readings     ${r.readings.toFixed(1)} a second for ${r.seconds.toFixed(1)} s, ${percent(r.share)} of what nodes that are up should send`,
        `acknowledged p50 ${ms(r.p50 ?? undefined)}, p99 ${ms(r.p99 ?? undefined)}`,
        `connections  ${r.reconnects} reconnects, ${r.losses} lost; power cut ${r.cuts} times, ${r.panics} crashes`,
        `law          read ${r.read} = acked ${r.acked} + waiting ${r.waiting} + dropped ${dropped.length > 0 ? dropped.join(", ") : "0"} + cut ${r.cut} + lost ${r.lost}`,
        seen === null
            ? "observer     none"
            : `observer     ${seen.arrived} different readings arrived, ${seen.twice} again; ${seen.missing} acknowledged ones did not`,
        `cost         ${r.cores.toFixed(2)} cores (${percent(r.coresEach, 3)} of one each), ${Math.round(r.megabytes)} MB (${r.megabytesEach.toFixed(2)} each)${r.brokerCores === null ? "" : `; the broker ${r.brokerCores.toFixed(2)} cores`}`,
        ...r.troubles.map(text => `trouble      ${text}`),
        ...(r.troubleCount > r.troubles.length
            ? [`trouble      ... ${r.troubleCount} in all`]
            : []),
    ].join("\n")
}

/** The percentiles that are told. */
export function percentiles(latency: Latency): {
    p50?: number
    p99?: number
} {
    return { p50: latency.percentile(0.5), p99: latency.percentile(0.99) }
}

function percent(share: number, digits = 1): string {
    return `${(share * 100).toFixed(digits)} %`
}

function ms(value: number | undefined): string {
    return value === undefined ? "-" : `${value} ms`
}
