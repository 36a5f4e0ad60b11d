// The brokers that the compiled client is tested against, and where they differ. One place for these facts: the tests
// assert them, so a broker that changes its mind is noticed. Knows nothing of the client.
import { afterAll, beforeAll, describe } from "vitest"
import { AedesBroker } from "../support/aedes-broker"
import { describeWithMosquitto, Mosquitto } from "../support/mosquitto"
import { describeWithNats, Nats } from "../support/nats"
import type { QoS } from "../support/observer"
import { describeWithRabbitmq, Rabbitmq } from "../support/rabbitmq"

/** A broker that runs. */
export interface Broker {
    readonly port: number
    readonly url: string
    stop(): Promise<void>
}

/** Who may come in, and nobody else. */
export interface Login {
    user: string
    password: string
}

/** One kind of broker. */
export interface Kind {
    name: string
    /** Skips by name where the machine lacks it. */
    describe: (name: string, body: () => void) => void
    start(login?: Login): Promise<Broker>
    /** Highest QoS it grants and takes. */
    maxQos: QoS
    /** QoS 2 messages it can keep for an absent client and then hand on once each, at most 5. */
    backlog2: number
}

/** One whose habits are known in detail. */
export interface KnownKind extends Kind {
    /**
     * With which QoS it forwards a message of its highest QoS that three filters match which were granted 0, 1 and 1: one
     * copy or several. The standard says one copy with 1, and lets further ones be.
     */
    overlap: QoS[]
    /** Whether session present is 1 for a kept session that has no subscriptions and is taken over. */
    presentBare: boolean
    /** What the client says of a CONNACK to a wrong password. */
    refusal: string
}

const users = (login?: Login) =>
    login ? { users: { [login.user]: login.password } } : {}

export const aedes: KnownKind = {
    name: "aedes",
    describe,
    start: login =>
        AedesBroker.start(
            login
                ? {
                      authenticate: (_, user, password, done) =>
                          done(
                              null,
                              user === login.user &&
                                  String(password) === login.password
                          ),
                  }
                : {}
        ),
    maxQos: 2,
    // a filter with a wildcard gets messages as they were published, whatever was granted
    overlap: [2],
    presentBare: false,
    // when several PUBRECs of a kept session wait for their PUBREL, the first one's gets another one's identifier
    backlog2: 1,
    refusal: "CONNACK 5: not authorized",
}

export const mosquitto: KnownKind = {
    name: "Mosquitto",
    describe: describeWithMosquitto,
    start: login => Mosquitto.start(users(login)),
    maxQos: 2,
    // the QoS of any of them, here the lowest
    overlap: [0],
    presentBare: true,
    backlog2: 5,
    refusal: "CONNACK 5: not authorized",
}

export const nats: KnownKind = {
    name: "NATS",
    describe: describeWithNats,
    start: login => Nats.start(users(login)),
    maxQos: 1,
    overlap: [0, 1, 1],
    presentBare: true,
    backlog2: 0,
    refusal: "CONNACK 5: not authorized",
}

/** Starts slowly and takes much: one for a whole file of tests, see `shared`. */
export const rabbitmq: Kind = {
    name: "RabbitMQ",
    describe: describeWithRabbitmq,
    start: () => Rabbitmq.start(),
    maxQos: 1,
    backlog2: 0,
}

/** That kind with one broker for all tests of a suite. Call it in the suite, before its tests; `limitMs` for its start. */
export function shared(kind: Kind, limitMs: number): Kind {
    let broker: Broker | undefined
    beforeAll(async () => {
        broker = await kind.start()
    }, limitMs)
    afterAll(() => broker?.stop(), limitMs)
    return {
        ...kind,
        start: () => {
            const { port, url } = broker!
            return Promise.resolve({ port, url, stop: () => Promise.resolve() })
        },
    }
}

/** A suite for each kind of broker. */
export function withEach(
    kinds: KnownKind[],
    body: (kind: KnownKind) => void
): void {
    for (const kind of kinds)
        kind.describe(`with ${kind.name}`, () => body(kind))
}
