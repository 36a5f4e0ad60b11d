// The brokers of an interoperability run: how each is started, what befalls it under load, and how it is ended. Knows nothing of
// what is counted.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { NodeSocketsOptions } from "../../sim/vm"
import type { IClientOptions } from "mqtt"
import { AedesBroker } from "../support/aedes-broker"
import { mosquittoAvailable, Mosquitto } from "../support/mosquitto"
import { natsAvailable } from "../support/nats"
import { rabbitmqAvailable, Rabbitmq } from "../support/rabbitmq"
import { CERTIFICATE, KEY, TLS_HOST } from "../vm/tls"
import { Balancer } from "./balancer"
import { NatsCluster } from "./nats-cluster"

/** A broker that runs. */
export interface Setup {
    /** Where nodes connect to, and with what. */
    port: number
    settings?: Record<string, unknown>
    network?: NodeSocketsOptions
    /** Where the observer does. */
    url: string
    observer?: IClientOptions
    /** What befalls it. */
    hit(devices: readonly string[]): Promise<void>
    stop(): Promise<void>
}

export interface Run {
    name: string
    /** What is done to it under load. */
    fault: string
    /** What is missing on this machine, and how to get it; undefined when nothing is. */
    lacks: string | undefined
    /** Takes too long to be run unasked. */
    long?: true
    start(): Promise<Setup>
}

const lacks = (available: boolean, program: string) =>
    available ? undefined : `needs ${program}: apt-get install ${program}`
const MOSQUITTO = lacks(mosquittoAvailable, "mosquitto")

/** The observer's session outlives the broker's restart, and so what was sent to it meanwhile. */
const KEPT: IClientOptions = {
    clientId: "watcher",
    clean: false,
    reconnectPeriod: 50,
}
/** ms for which a broker is away. */
const AWAY = 1_000

const pause = (ms: number) => new Promise(resolve => setTimeout(resolve, ms))

const aedes: Run = {
    name: "aedes",
    fault: "every connection reset",
    lacks: undefined,
    start: async () => {
        const broker = await AedesBroker.start()
        return {
            port: broker.port,
            url: broker.url,
            hit: async devices => {
                for (const device of devices) broker.resetConnection(device)
            },
            stop: () => broker.stop(),
        }
    },
}

const mosquitto: Run = {
    name: "Mosquitto",
    fault: "frozen for 1 s",
    lacks: MOSQUITTO,
    start: async () => {
        const broker = await Mosquitto.start()
        return {
            port: broker.port,
            url: broker.url,
            hit: async () => {
                broker.pause()
                await pause(AWAY)
                broker.resume()
            },
            stop: () => broker.stop(),
        }
    },
}

const persistent: Run = {
    name: "Mosquitto with persistence",
    fault: "stopped and started again",
    lacks: MOSQUITTO,
    start: async () => {
        const broker = await Mosquitto.start({ persistence: true })
        return {
            port: broker.port,
            url: broker.url,
            observer: KEPT,
            hit: () => broker.restart(),
            stop: () => broker.stop(),
        }
    },
}

/** Files for a run, and their removal. */
function files(texts: Record<string, string>) {
    const folder = mkdtempSync(join(tmpdir(), "interop-"))
    for (const [name, text] of Object.entries(texts))
        writeFileSync(join(folder, name), text, { mode: 0o600 })
    return {
        path: (name: string) => join(folder, name),
        remove: () => rmSync(folder, { recursive: true, force: true }),
    }
}

const tls: Run = {
    name: "Mosquitto with TLS",
    fault: "stopped and started again",
    lacks: MOSQUITTO,
    start: async () => {
        const on = files({ cert: CERTIFICATE, key: KEY })
        const broker = await Mosquitto.start({
            persistence: true,
            tls: { cert: on.path("cert"), key: on.path("key") },
        })
        return {
            port: broker.port,
            settings: { MQTT_HOST: TLS_HOST, MQTT_PROTO: "tls" },
            network: {
                hosts: { [TLS_HOST]: { host: "127.0.0.1" } },
                ca: CERTIFICATE,
            },
            url: broker.url,
            observer: { ...KEPT, ca: CERTIFICATE, servername: TLS_HOST },
            hit: () => broker.restart(),
            stop: async () => {
                await broker.stop()
                on.remove()
            },
        }
    },
}

const locked: Run = {
    name: "Mosquitto with password and ACL",
    fault: "stopped and started again",
    lacks: MOSQUITTO,
    start: async () => {
        const [node, watcher] = ["node", "watcher"]
        // each device may say what is its own; %c is the client identifier
        const on = files({
            acl: `user ${node}\npattern readwrite devices/%c/#\nuser ${watcher}\ntopic read devices/#\n`,
        })
        const password = "a pass#word"
        const broker = await Mosquitto.start({
            persistence: true,
            users: { [node]: password, [watcher]: password },
            config: [`acl_file ${on.path("acl")}`],
        })
        return {
            port: broker.port,
            settings: { MQTT_USER: node, MQTT_PASS: password },
            url: broker.url,
            observer: { ...KEPT, username: watcher, password },
            hit: () => broker.restart(),
            stop: async () => {
                await broker.stop()
                on.remove()
            },
        }
    },
}

const cluster: Run = {
    name: "NATS, three members",
    fault: "the member that the nodes are connected to killed",
    lacks: lacks(natsAvailable, "nats-server"),
    start: async () => {
        const nats = await NatsCluster.start()
        const [first, , last] = nats.ports
        const balancer = await Balancer.start(() => nats.ports)
        return {
            port: balancer.port,
            url: `mqtt://127.0.0.1:${last}`,
            observer: { clientId: "watcher", clean: false },
            hit: () => nats.kill(first!),
            stop: async () => {
                await balancer.stop()
                await nats.stop()
            },
        }
    },
}

const rabbitmq: Run = {
    name: "RabbitMQ",
    fault: "every connection cut on the way",
    lacks: lacks(rabbitmqAvailable, "rabbitmq-server"),
    long: true,
    start: async () => {
        const broker = await Rabbitmq.start()
        let away = false
        const balancer = await Balancer.start(() => (away ? [] : [broker.port]))
        const { port } = balancer
        return {
            port,
            url: broker.url,
            hit: async () => {
                away = true
                balancer.reset()
                await pause(AWAY)
                away = false
            },
            stop: async () => {
                await balancer.stop()
                await broker.stop()
            },
        }
    },
}

export const RUNS: readonly Run[] = [
    aedes,
    mosquitto,
    persistent,
    tls,
    locked,
    cluster,
    rabbitmq,
]
