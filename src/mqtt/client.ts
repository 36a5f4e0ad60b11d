// An MQTT 3.1.1 client for DeviceScript: the shell around the pure session. The only file here with
// fibers, a clock and a socket. It knows nothing of sensors, boards or settings.
//
// One fiber (`run`) owns the connection: it opens it, drains what arrived, writes what is owed and sleeps
// until the next deadline or until it is woken. A publish writes at once in its caller's fiber when
// nothing is waiting before it. Handlers of messages run in a fiber of their own, so that one that takes
// long delays neither pings nor acknowledgements. Every root catches what escapes, counts and reports it:
// an exception that leaves a fiber would restart the whole program.

import * as ds from "@devicescript/core"
import {
    Observable,
    ObservableValue,
    register,
} from "@devicescript/observables"
import { Backoff } from "./backoff"
import { ClientCounters } from "./counters"
import { encodeConnect, encodeEmpty, encodePublish } from "./encode"
import { ConfigError, PeerError, ResourceError } from "./errors"
import { Alive, KeepAlive } from "./keepalive"
import { Listeners } from "./listeners"
import { MQTTConnectOptions, Settled, payloadBytes, settle } from "./options"
import { ConnackCode, PacketType, connackName } from "./packet"
import { Random } from "./random"
import { PacketReader } from "./reader"
import { Handler, MQTTMessage, Receiver } from "./receiver"
import { Message, Outcome, Session } from "./session"
import { Socket, SocketState, Written } from "./socket"
import { Subscriptions } from "./subscriptions"
import { topicFilterFault, topicNameFault } from "./topic"

export enum MQTTState {
    Connecting = 0,
    /** The socket is open, CONNACK is awaited. */
    Open = 1,
    Connected = 2,
    Closing = 3,
    Closed = 4,
    Sending = 5,
}

/** What happens to the connection, as it happens. Called in the client's own fiber: only `connecting` may wait. */
export interface ClientObserver {
    /** Before the socket is opened, when it is free for something else; what it waits for must have a limit. */
    connecting?: (attempt: number) => ds.AsyncVoid
    /** @param ms from the start of opening to CONNACK */
    connected?: (sessionPresent: boolean, ms: number) => void
    /** @param ms the connection had lasted, 0 when it never came to CONNACK */
    lost?: (error: Error, ms: number) => void
    /** The wait before the next try. */
    retry?: (ms: number) => void
    /** An exception reached a root and was caught there. */
    fault?: (error: Error) => void
}

/** A wait before the same packet is written again after the board's queue was full, in ms. */
const BUSY_WAIT = 20

/** How long a broker has to close the connection after our DISCONNECT, in ms; then we close it. */
const CLOSE_WAIT = 1000

/** A connection that lasted this long, in ms, makes the next wait short again. */
const HELD = 10000

/**
 * What is done before the fiber yields: the VM ends a program that runs 131,072 opcodes in one go. A packet
 * costs some hundred opcodes and a byte of a topic about 20, so a round stays below half of that.
 */
const ROUND_PACKETS = 32
const ROUND_BYTES = 1024

/** The longest sleep of the client's fiber, in ms: far below 2^31, and a floor under lost wake-ups. */
const MAX_SLEEP = 3600000

/**
 * While it is held that two clients fight for a client id, a connection that is closed sooner than this after CONNACK, in
 * ms, goes on to show it; before, one that does not hold (HELD): a network that resets once a minute is no other client.
 */
const TAKEN_OVER_WITHIN = 120000

/** So many of them in a row are a takeover: two clients with one client id end each other's connections. */
const TAKEN_OVER_TIMES = 3

/** What a subscription gives: the messages, and beside them the QoS the broker granted. */
export interface MQTTSubscription extends Observable<MQTTMessage> {
    /** 0 to 2, 128 when the broker refused, undefined while it has not answered. */
    granted?: number
}

/**
 * Listeners to messages that no subscription handles.
 * @devsWhenUsed
 */
class Unhandled extends Listeners<MQTTMessage> {
    constructor(
        private owner: { beginReceiving: () => void },
        failed: (e: Error) => void
    ) {
        super(failed)
    }

    override subscribe(handler: ds.Handler<MQTTMessage>): ds.Unsubscribe {
        this.owner.beginReceiving()
        return this.add(handler)
    }
}

/**
 * An MQTT 3.1.1 client.
 * @devsWhenUsed
 */
export class MQTTClient {
    readyState = MQTTState.Closed
    /** The broker kept our session at the last connect. */
    sessionPresent = false
    /** The highest QoS the broker takes, as far as is known: 1 after it has refused QoS 2. */
    maxQos = 2
    readonly counters = new ClientCounters()
    readonly session: Session
    readonly onerror: Listeners<Error>
    readonly onconnect: Listeners<unknown>
    readonly onclose: Listeners<unknown>
    readonly onunhandledmessage: Listeners<MQTTMessage>
    observer: ClientObserver = {}

    /** As it was given. */
    readonly opt: MQTTConnectOptions
    private set: Settled
    private socket: Socket
    private reader: PacketReader
    private keepAlive: KeepAlive
    private backoff: Backoff
    private fiber?: ds.Fiber
    private wanted = false
    private stopping = false
    private goodbye = true
    /** Connections in a row that the broker closed soon after CONNACK without a word. */
    private closedSoon = 0
    /** Bytes written that no PINGRESP has shown to have arrived, and those of them after the last PINGREQ. */
    private unproven = 0
    private afterPing = 0
    /** The board's socket may not be given more before some of it is known to have arrived. */
    private most = Infinity
    private connectedAt = 0
    private attempt = 0
    /** CONNECTs since the last one that was accepted. */
    private asked = 0
    /** A packet that the socket would not take yet, and whether the session is told once it does. */
    private pending?: Buffer = undefined
    private pendingOwed = false
    private pingOwed = false
    /** What subscribing needs, once somebody does. */
    private subscriptions?: Subscriptions
    private receiver?: Receiver
    /** The topic last published to, checked and encoded. */
    private lastTopic?: string = undefined
    private lastTopicBytes?: Buffer

    /** @param options checked here: throws ConfigError naming the option */
    constructor(options: MQTTConnectOptions) {
        const deviceId = ds.deviceIdentifier("self")
        const set = settle(options, deviceId, chipWindow())
        this.opt = options
        this.set = set
        const random = new Random(
            deviceId,
            Math.floor(Math.random() * 65536) ^ Math.floor(ds.millis())
        )
        this.session = new Session(set, random.next16())
        if (set.maxUnproven > 0) this.most = set.maxUnproven
        this.backoff = new Backoff(set.retryFirst, set.retryCap, random)
        this.keepAlive = new KeepAlive(set.keepAlive, set.ackTimeout)
        this.reader = new PacketReader(set.maxPacket)
        const self = this
        const fault = (e: Error) => self.fault(e)
        // what a handler of errors throws is counted and told to no other, or it would go on for ever
        this.onerror = new Listeners<Error>(() => {
            self.counters.faults++
        })
        this.onconnect = new Listeners<unknown>(fault)
        this.onclose = new Listeners<unknown>(fault)
        this.onunhandledmessage = new Unhandled(this, fault)
        this.socket = new Socket(this)
    }

    /**
     * Connects, and keeps connected until `stop`. Waits for the first CONNACK, or for the first try to fail; the
     * client goes on trying then.
     */
    async start(): Promise<void> {
        this.launch()
        if (this.readyState === MQTTState.Connected) return
        const c = this.counters
        const ends = c.connects + c.losses
        while (this.wanted) {
            if (c.connects + c.losses !== ends) return
            await ds.sleep(10)
        }
    }

    /** Starts as `start` does and waits for nothing. While `stop` is under way it takes that back. */
    launch() {
        this.stopping = false
        if (this.wanted) return
        this.wanted = true
        this.run.start()
    }

    /** Whether the client was started and not stopped. */
    running(): boolean {
        return this.wanted
    }

    /**
     * Waits until everything with QoS 1 and 2 is acknowledged, at most `limit` ms, says DISCONNECT and
     * closes. No will is published after it. What is left is settled as Stopped.
     * @param goodbye false leaves DISCONNECT out, so that the broker publishes the will
     */
    async stop(limit: number = 5000, goodbye: boolean = true) {
        if (!this.wanted) return
        this.goodbye = goodbye
        const until = ds.millis() + limit
        while (
            this.readyState === MQTTState.Connected &&
            !this.session.idle() &&
            ds.millis() < until
        )
            await ds.sleep(10)
        this.stopping = true
        this.wake()
        while (this.wanted) {
            // started again meanwhile, which goes on with what is left
            if (!this.stopping) return
            await ds.sleep(10)
        }
        this.session.end(Outcome.Stopped)
    }

    /**
     * Publishes and waits for the end its QoS has: written (0), PUBACK (1), PUBCOMP (2).
     * @param message text, bytes, or an object sent as JSON
     * @returns false when it never will be delivered, at once for QoS 0 without a connection, or when
     * `publishTimeout` is over; why is counted in `counters.outcomes`
     */
    async publish(
        topic: string,
        message?: string | object | Buffer,
        qos: number = 0,
        retained: boolean = false
    ): Promise<boolean> {
        const name =
            topic === this.lastTopic
                ? (this.lastTopicBytes as Buffer)
                : this.topicBytes(topic)
        let payload =
            typeof message === "string"
                ? Buffer.from(message)
                : payloadBytes(message)
        const counters = this.counters
        if (qos === 0) {
            // the path of most readings: a call costs as much as all the rest of a line
            let bypass = this.session.mayBypass()
            if (this.pending) bypass = false
            if (this.unproven + payload.length >= this.most) bypass = false
            if (bypass) {
                const packet = encodePublish(
                    name,
                    payload,
                    0,
                    retained,
                    false,
                    0
                )
                const r = this.socket.write(packet)
                if (r === Written.Ok) {
                    this.keepAlive.lastSent = ds.millis()
                    this.unproven += packet.length
                    this.afterPing += packet.length
                    counters.outcomes[Outcome.Delivered]++
                    return true
                }
                this.wake()
                // when the board's queue is full it waits its turn like any other
                if (r === Written.Lost) {
                    counters.outcomes[Outcome.Offline]++
                    return false
                }
            }
        } else if (qos !== 1 && qos !== 2)
            throw new ConfigError("qos", "must be 0, 1 or 2")
        // the caller's own Buffer may be used for the next message before this one is out
        if (payload === message) payload = payload.slice(0, payload.length)
        const fiber = ds.Fiber.self()
        let outcome = -1
        const m = new Message(name, payload, qos, retained, (_, o) => {
            counters.outcomes[o]++
            outcome = o
            try {
                if (fiber.suspended) fiber.resume(undefined)
            } catch (e) {
                // it was terminated while it waited
            }
        })
        this.send(m)
        const limit = this.set.publishTimeout
        const until = ds.millis() + limit
        while (outcome === -1) {
            if (limit === 0) await ds.suspend(undefined)
            else if (ds.millis() >= until)
                this.session.giveUp(m, Outcome.TimedOut)
            else await this.sleepUntil(until)
        }
        return outcome === Outcome.Delivered
    }

    /**
     * Hands over a message whose topic was checked; `message.settled` tells how it ended. Does not wait.
     * @param urgent goes before all that waits, whatever the bounds of the queue
     */
    send(message: Message, urgent: boolean = false) {
        this.session.publish(message, urgent)
        if (this.readyState !== MQTTState.Connected) return
        // written here and now: the client's fiber looks early enough by itself, see deadline()
        try {
            if (!this.flush() && !this.pending) return
        } catch (e) {
            // the connection is gone, which the client's fiber has to see
        }
        this.wake()
    }

    /**
     * Subscribes, and waits for the broker's answer while connected. The subscription is restored after
     * reconnects until `unsubscribe`. Several filters may match one message; each gets it.
     * @param topic a filter; `+` and `#` as in section 4.7
     * @param qos the most to be granted
     * @returns the messages as an observable, with `granted` beside it
     */
    async subscribe(
        topic: string,
        handler?: (msg: MQTTMessage) => ds.AsyncVoid,
        qos: number = 0
    ): Promise<MQTTSubscription> {
        const messages = register<MQTTMessage>()
        await this.listen(topic, handler, qos, messages)
        return messages
    }

    /**
     * Subscribes as `subscribe` does, for a handler alone: a program that does without observables has none in its image.
     * @param messages told of each message, too, and of what the broker grants
     */
    async listen(
        topic: string,
        handler?: (msg: MQTTMessage) => ds.AsyncVoid,
        qos: number = 0,
        messages?: ObservableValue<MQTTMessage>
    ) {
        const filter = Buffer.from(topic)
        const fault = topicFilterFault(filter)
        if (fault !== undefined)
            throw new ConfigError("topic", "filter " + fault)
        if (qos !== 0 && qos !== 1 && qos !== 2)
            throw new ConfigError("qos", "must be 0, 1 or 2")
        const most = this.set.subscriptions
        if (!this.subscriptions)
            this.subscriptions = new Subscriptions(this.session, most)
        this.beginReceiving()
        const receiver = this.receiver as Receiver
        if (receiver.handlers.length >= most)
            throw new ResourceError("subscriptions", "more than " + most)
        let answered = false
        this.subscriptions.add(filter, qos, code => {
            if (messages) (messages as MQTTSubscription).granted = code
            answered = true
        })
        receiver.handlers.push(new Handler(topic, filter, handler, messages))
        await this.awaitAnswer(() => answered)
    }

    /** Messages are handed over from now on, at least to those who listen to unhandled ones. */
    beginReceiving() {
        if (!this.receiver)
            this.receiver = new Receiver(
                this.counters,
                this.onunhandledmessage,
                this.set.inboxMessages,
                this.set.inboxBytes
            )
    }

    /**
     * Ends a subscription, drops its handlers, and waits for the broker's answer while connected.
     * @returns false when there is none to this filter
     */
    async unsubscribe(topic: string): Promise<boolean> {
        if (!this.subscriptions || !this.receiver) return false
        let answered = false
        if (
            !this.subscriptions.remove(Buffer.from(topic), () => {
                answered = true
            })
        )
            return false
        const kept: Handler[] = []
        for (const h of this.receiver.handlers)
            if (h.name !== topic) kept.push(h)
        this.receiver.handlers = kept
        await this.awaitAnswer(() => answered)
        return true
    }

    /** Waits for an answer on this connection; one that is lost or silent ends the wait. */
    private async awaitAnswer(answered: () => boolean) {
        this.wake()
        // many subscriptions in one go would be too long a run
        await ds.sleep(0)
        const connects = this.counters.connects
        while (
            !answered() &&
            this.readyState === MQTTState.Connected &&
            this.counters.connects === connects
        )
            await ds.sleep(10)
    }

    /** The bytes of a topic name; throws ConfigError for one that may not be published to. */
    topicBytes(topic: string): Buffer {
        const name = Buffer.from(topic)
        const fault = topicNameFault(name)
        if (fault !== undefined) throw new ConfigError("topic", fault)
        this.lastTopic = topic
        this.lastTopicBytes = name
        return name
    }

    /** Wakes the client's fiber; a wake-up that comes while it runs is not lost, as it looks before it sleeps. */
    wake() {
        const fiber = this.fiber
        if (fiber) if (fiber.suspended) fiber.resume(undefined)
    }

    /** Sleeps until `until` (ms of ds.millis) or a wake-up, whichever is first. */
    private async sleepUntil(until: number) {
        let ms = until - ds.millis()
        if (ms > MAX_SLEEP) ms = MAX_SLEEP
        if (ms >= 1) await ds.suspend(Math.ceil(ms))
        else await ds.sleep(1)
    }

    private async run() {
        this.fiber = ds.Fiber.self()
        while (!this.stopping) {
            this.connectedAt = -1
            let error: Error | undefined
            try {
                await this.connection(ds.millis())
            } catch (e) {
                error = e as Error
            }
            const until = this.ended(error) + ds.millis()
            while (ds.millis() < until) {
                if (this.stopping) break
                await this.sleepUntil(until)
            }
        }
        this.fiber = undefined
        this.wanted = false
    }

    /** Puts a connection that ended behind us; returns the wait before the next try in ms. */
    private ended(error: Error | undefined): number {
        this.socket.close()
        this.pending = undefined
        this.pingOwed = false
        this.readyState = MQTTState.Closed
        let wait = this.set.retryCap
        try {
            const begun = this.connectedAt
            const lasted = begun >= 0 ? ds.millis() - begun : 0
            let closed = false
            if (error instanceof PeerError) closed = error.clause === CLOSED
            const onQos2 = this.session.disconnected(closed)
            this.onclose.emit(undefined)
            if (this.stopping || !error) return 0
            if (lasted >= HELD) this.backoff.reset()
            let soon = closed
            if (begun < 0) soon = false
            let within = TAKEN_OVER_WITHIN
            if (this.closedSoon < TAKEN_OVER_TIMES) within = HELD
            if (lasted > within) soon = false
            if (!soon) this.closedSoon = 0
            else if (!onQos2) this.closedSoon++
            if (this.closedSoon >= TAKEN_OVER_TIMES) {
                // the other one with our client id does the same: do not join in
                this.backoff.refused()
                error = new PeerError(
                    "MQTT-3.1.3-2",
                    "another client seems to use this client id"
                )
            }
            this.counters.losses++
            wait = this.backoff.next()
            let known = error instanceof PeerError
            if (error instanceof ResourceError) known = true
            if (known) this.onerror.emit(error)
            else this.fault(error)
            const o = this.observer
            if (o.lost) o.lost(error, lasted)
            if (o.retry) o.retry(wait)
        } catch (e) {
            this.counters.faults++
        }
        return wait
    }

    /** One connection from open to its end; throws the reason it ended for, unless stopped. */
    private async connection(begun: number) {
        const socket = this.socket
        this.attempt++
        this.readyState = MQTTState.Connecting
        if (this.observer.connecting)
            await this.observer.connecting(this.attempt)
        this.reader.reset()
        socket.open(this.set.host, this.set.port, this.set.tls)
        let until = begun + this.set.timeout
        while (socket.state === SocketState.Opening) {
            if (this.stopping) return
            if (ds.millis() >= until)
                throw new ResourceError("timeout", "no connection")
            await this.sleepUntil(until)
        }
        this.readyState = MQTTState.Open
        const connackBy = ds.millis() + this.set.ackTimeout
        this.keepAlive.start(ds.millis())
        this.asked++
        this.put(encodeConnect(this.set), false)
        while (!this.stopping) {
            let again = await this.drain(begun)
            let owed = this.session.more
            if (this.pending) owed = true
            if (owed) if (this.flush()) again = true
            if (again) {
                await ds.sleep(0)
                continue
            }
            const now = ds.millis()
            until = connackBy
            if ((this.readyState as MQTTState) === MQTTState.Connected)
                until = this.deadline(now)
            else if (now >= connackBy)
                throw new ResourceError("ackTimeout", "no CONNACK")
            if (this.pending)
                if (now + BUSY_WAIT < until) until = now + BUSY_WAIT
            if (socket.state !== SocketState.Open) this.failed()
            if (!this.stopping) await this.sleepUntil(until)
        }
        // before CONNACK too: the broker may have taken CONNECT, and its will with it
        if (this.goodbye) await this.disconnect()
    }

    /** Says goodbye and gives the broker time to close first: a board's close() may overtake its last write. */
    private async disconnect() {
        this.readyState = MQTTState.Closing
        const until = ds.millis() + CLOSE_WAIT
        while (this.pending && ds.millis() < until) {
            await ds.sleep(BUSY_WAIT)
            this.flush()
        }
        // nothing may follow it [MQTT-3.14.4-2]: a QoS 0 message asks only the session
        this.session.disconnected(false)
        if (
            this.socket.write(encodeEmpty(PacketType.Disconnect)) !== Written.Ok
        )
            return
        while (this.socket.state === SocketState.Open && ds.millis() < until)
            await this.sleepUntil(until)
    }

    /** Throws why the socket is no longer open; what it still delivered has been read by then. */
    private failed() {
        const reason = this.socket.reason
        throw new PeerError(
            CLOSED,
            reason === "" ? "closed by the broker" : reason
        )
    }

    /** Does what time demands and returns when to look again at the latest, within `ackTimeout`. */
    private deadline(now: number): number {
        let until = this.keepAlive.wakeAt()
        if (now >= until) {
            const alive = this.keepAlive.state(now)
            if (alive === Alive.Dead)
                throw new PeerError("MQTT-3.12.4-1", "no PINGRESP")
            if (alive === Alive.Ping) this.ping(now)
            until = this.keepAlive.wakeAt()
        }
        if (this.session.maxQos < this.maxQos) {
            this.maxQos = this.session.maxQos
            this.onerror.emit(
                new PeerError("QoS 2", "the broker takes at most QoS 1")
            )
        }
        // never longer than an acknowledgement may take, so that a message need not wake this fiber
        const limit = this.set.ackTimeout
        if (now + limit < until) until = now + limit
        if (this.session.inflight.length > 0) {
            const by = this.session.oldestUnanswered() + limit
            if (now >= by) {
                const parking = this.session.parking
                if (parking) parking.overdue(now - limit)
                throw new ResourceError("ackTimeout", "no acknowledgement")
            }
            if (by < until) until = by
        }
        return until
    }

    /** Writes a packet now, or keeps it as the one to write next: false. */
    private put(packet: Buffer, owed: boolean): boolean {
        const r = this.socket.write(packet)
        if (r === Written.Ok) {
            const now = ds.millis()
            this.keepAlive.lastSent = now
            this.unproven += packet.length
            this.afterPing += packet.length
            if (owed) this.session.wrote(now)
            return true
        }
        if (r === Written.Lost) this.failed()
        this.pending = packet
        this.pendingOwed = owed
        // a socket that takes nothing is as dead as a peer that answers nothing
        if (!this.keepAlive.waiting) {
            this.keepAlive.pinged(ds.millis())
            this.pingOwed = true
        }
        return false
    }

    /** Writes what the session owes, at most a round's worth. True when there is more to write at once. */
    private flush(): boolean {
        const blocked = this.pending
        if (blocked) {
            this.pending = undefined
            if (!this.put(blocked, this.pendingOwed)) return false
        }
        if (this.readyState !== MQTTState.Connected) return false
        if (this.pingOwed) {
            this.pingOwed = false
            const written = this.put(encodeEmpty(PacketType.Pingreq), false)
            this.afterPing = 0
            if (!written) return false
        }
        for (let packets = 0; packets < ROUND_PACKETS; packets++) {
            if (this.unproven >= this.most) {
                // a PINGRESP shows that all written before its PINGREQ has arrived
                if (!this.keepAlive.waiting) this.ping(ds.millis())
                return false
            }
            const packet = this.session.take()
            if (!packet) return false
            if (!this.put(packet, true)) return false
            if (!this.session.more) return false
        }
        return true
    }

    /** Sends PINGREQ. Counted as sent even while the board's queue is full: a link that takes nothing must end too. */
    private ping(now: number) {
        this.counters.pings++
        this.keepAlive.pinged(now)
        this.pingOwed = true
        this.flush()
    }

    /** Reads what has arrived, at most a round's worth. True when there may be more. */
    private async drain(begun: number): Promise<boolean> {
        const reader = this.reader
        const round = reader.taken + ROUND_BYTES
        for (let packets = 0; packets < ROUND_PACKETS; packets++) {
            let type = PacketType.None
            if (reader.chunk) type = reader.next()
            while (type === PacketType.None) {
                if (this.socket.unread.length === 0) return false
                this.keepAlive.lastReceived = ds.millis()
                reader.push(this.socket.read() as Buffer)
                type = reader.next()
            }
            if (type === PacketType.Connack) this.receivedConnack(begun)
            else if (this.readyState !== MQTTState.Connected)
                // the first packet from the broker is CONNACK
                throw new PeerError("MQTT-3.2.0-1", "packet before CONNACK")
            else if (type === PacketType.Publish) {
                if (this.session.receivedPublish(reader.qos, reader.id))
                    if (!reader.payload) this.counters.oversized++
                    else if (this.receiver) await this.receiver.deliver(reader)
                    else this.counters.inboxDropped++
            } else if (type === PacketType.Pingresp) {
                if (this.keepAlive.answered()) this.unproven = this.afterPing
            } else this.session.receivedAck(type, reader.id, reader.code)
            if (reader.taken > round) return true
        }
        return true
    }

    private receivedConnack(begun: number) {
        if (this.readyState !== MQTTState.Open)
            throw new PeerError("MQTT-3.2.0-1", "second CONNACK")
        const code = this.reader.code
        if (code !== ConnackCode.Accepted) {
            // it will say the same next time: do not hammer it
            if (code !== ConnackCode.ServerUnavailable) this.backoff.refused()
            throw new PeerError("CONNACK " + code, connackName(code))
        }
        const present = this.reader.sessionPresent
        if (present)
            if (this.set.cleanSession)
                throw new PeerError(
                    "MQTT-3.2.2-1",
                    "session present after a clean session"
                )
        this.unproven = 0
        this.readyState = MQTTState.Connected
        this.connectedAt = ds.millis()
        this.sessionPresent = present
        this.attempt = 0
        this.counters.connects++
        // of a CONNECT without an answer it may be, which has subscribed to nothing
        this.session.connected(present, this.asked > 1)
        this.asked = 0
        if (this.observer.connected)
            this.observer.connected(present, this.connectedAt - begun)
        this.onconnect.emit(undefined)
    }

    /** Counts and tells an exception that reached a root. */
    private fault(e: Error) {
        this.counters.faults++
        this.onerror.emit(e)
        try {
            if (this.observer.fault) this.observer.fault(e)
        } catch (other) {
            this.counters.faults++
        }
    }
}

/** The clause of an error that is the plain end of the connection. */
const CLOSED = "connection"

/** The chips whose socket fails when too much is on its way: RP2040 with lwIP's 11,680 bytes. */
function chipWindow(): number {
    const chip = ds._dcfgString("archId")
    if (chip === undefined) return 0
    return chip.indexOf("rp2040") === 0 ? 4000 : 0
}

/** Starts a client as `start` does. */
export async function startMQTTClient(
    options: MQTTConnectOptions
): Promise<MQTTClient> {
    const client = new MQTTClient(options)
    await client.start()
    return client
}
