// What a node says about itself, as JSON on devices/<device>/diagnostics: retained, QoS 0, on connect and every few minutes.
// The first of a connection follows the acknowledgement of `up`, so that nobody hears of a device before it is there.
//
//   {"boot":12,"why":"power","fault":"","uptime":3600,"firmware":"0.1.0","configuration":123456,
//    "connects":2,"repairs":0,"lost":{"why":"closed by the broker","ms":812},
//    "readings":{"read":100, ... ,"faults":0},
//    "sensors":{"TC":{"state":"ok","s":3599}}}
//
// A sensor that is well or is no longer well is news: it is said in the next round, within 10 s. What parts of a node add stands at the end.
// boot is the number of this start and why how the run before it ended (boots.ts); fault is the last fault that was kept, of
// this run or an earlier one. uptime and s (how long the sensor has been in this state) in seconds; lost is the last disconnect and how long it lasted.
// `readings` are the accounts (accounts.ts): `boot` and `readings.read` together number the readings of a device, so that
// a consumer sees what a power cut has lost. The heap that is free is not in it: a program cannot ask for that.

import * as ds from "@devicescript/core"
import { Accounts } from "./accounts"
import { Boots } from "./boots"
import { Message, MQTTClient, MQTTState } from "../mqtt/index"
import type { NodePart } from "./node"
import { Presence } from "./presence"
import { Sensor } from "./sensor"

/** Longest reason of a disconnect that is kept, in characters. */
const MAX_WHY = 64

/** @devsWhenUsed */
export class Diagnostics {
    /** Those that have something to add. */
    parts: NodePart[] = []
    private lostWhy = ""
    private lostAt = -1
    private outage = 0
    private at = 0

    /**
     * @param period ms between two, besides those on connect; 0 is never
     * @param configuration a number that is another when the configuration is
     */
    constructor(
        private client: MQTTClient,
        private topic: Buffer,
        private period: number,
        private configuration: number,
        private accounts: Accounts,
        private presence: Presence,
        private sensors: Sensor[],
        private boots: Boots
    ) {}

    /** A connection ended, or did not come about. */
    lost(why: string, now: number) {
        this.lostWhy = why.slice(0, MAX_WHY)
        if (this.lostAt < 0) this.lostAt = now
    }

    /** There is a connection. */
    connected(now: number) {
        if (this.lostAt >= 0) this.outage = now - this.lostAt
        this.lostAt = -1
    }

    /** Once a round: says it when it is due, or when a sensor has come into another state. */
    check(now: number) {
        if (now - this.at >= this.period) this.say(now)
        else
            for (const sensor of this.sensors)
                if (sensor.health.since > this.at) {
                    this.say(now)
                    return
                }
    }

    /** Says it now, if that is possible and wanted. */
    say(now: number) {
        if (this.period === 0) return
        this.at = now
        if (this.client.readyState !== MQTTState.Connected) return
        this.client.send(
            new Message(this.topic, Buffer.from(this.text(now)), 0, true)
        )
    }

    private text(now: number): string {
        const parts: string[] = []
        const boots = this.boots
        parts.push('{"boot":' + boots.count)
        parts.push(',"why":' + JSON.stringify(boots.why))
        parts.push(',"fault":' + JSON.stringify(boots.fault))
        parts.push(',"uptime":' + Math.floor(now / 1000))
        parts.push(',"firmware":' + JSON.stringify(ds._dcfgString("@version")))
        parts.push(',"configuration":' + this.configuration)
        parts.push(',"connects":' + this.client.counters.connects)
        parts.push(',"repairs":' + this.presence.repairs)
        parts.push(',"lost":{"why":' + JSON.stringify(this.lostWhy))
        parts.push(',"ms":' + Math.round(this.outage))
        parts.push('},"readings":{' + this.accounts.text('"', ":", ","))
        parts.push('},"sensors":{')
        for (let i = 0; i < this.sensors.length; i++) {
            const sensor = this.sensors[i] as Sensor
            if (i > 0) parts.push(",")
            const seconds = Math.floor((now - sensor.health.since) / 1000)
            parts.push('"' + sensor.options.id + '":{"state":"')
            parts.push(sensor.health.text() + '","s":' + seconds + "}")
        }
        parts.push("}")
        for (const part of this.parts)
            if (part.tell) parts.push("," + part.tell())
        parts.push("}")
        return parts.join("")
    }
}
