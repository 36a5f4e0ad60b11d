// How a node begins: what this one physical board was given is put over what its board file says.

import { Setting } from "../config/keys"
import { setting, settingsReady } from "../config/settings"
import * as ds from "@devicescript/core"
import { Boots } from "./boots"
import { readKept } from "./kept"
import { Node } from "./node"
import { checkNode, NodeOptions } from "./options"
import { report } from "./report"

/**
 * Starts a node: reads the settings of this board, which win over `options`, and runs until `stop`.
 * A mistake in either is reported on the console as `node: refused text=...` and thrown.
 * @param options changed to what holds
 */
export async function startNode(options: NodeOptions): Promise<Node> {
    const begun = ds.millis()
    await settingsReady()
    options.device =
        (await setting<string>(Setting.DeviceId)) ??
        options.device ??
        ds.deviceIdentifier("self")
    const broker = options.broker ?? {}
    options.broker = broker
    broker.host = (await setting<string>(Setting.Host)) ?? broker.host
    broker.port = (await setting<number>(Setting.Port)) ?? broker.port
    broker.proto = (await setting<"tcp" | "tls">(Setting.Proto)) ?? broker.proto
    broker.username = (await setting<string>(Setting.User)) ?? broker.username
    broker.password =
        (await setting<string>(Setting.Password)) ?? broker.password
    const ids = (await setting<Record<string, string>>(Setting.SensorIds)) ?? {}
    for (const sensor of options.sensors)
        sensor.id = ids[sensor.id] ?? sensor.id
    try {
        checkNode(options)
        const boots = new Boots()
        await boots.read(begun)
        const kept = await readKept(boots)
        await boots.begin()
        return new Node(options, boots, kept)
    } catch (e) {
        report("refused text=" + (e as Error).message)
        throw e
    }
}
