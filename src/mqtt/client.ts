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
import {
    encodeConnect,
    encodeDisconnect,
    encodePingreq,
    encodePublish,
} from "./encode"
import { ConfigError, PeerError, ResourceError } from "./errors"
import { Alive, KeepAlive } from "./keepalive"
import { MQTTConnectOptions, Settled, payloadBytes, settle } from "./options"
import { ConnackCode, PacketType, connackName } from "./packet"
import { Random } from "./random"
import { PacketReader } from "./reader"
import { Message, Outcome, Session } from "./session"
import { Socket, SocketState, Written } from "./socket"
import { matches, topicFilterFault, topicNameFault } from "./topic"

/** A message received; the names are those of @devicescript/net. */
export interface MQTTMessage {
    /** Packet identifier, 0 with QoS 0. */
    pid?: number
    topic: string
    content: Buffer
    qos: number
    /** 1 when the broker kept it from before the subscription. */
    retain: number
    /** True when the broker may have sent it before. */
    dup: boolean
}

export enum MQTTState {
    Connecting = 0,
    /** The socket is open, CONNACK is awaited. */
    Open = 1,
    Connected = 2,
    Closing = 3,
    Closed = 4,
    Sending = 5,
}

/** What happens to the connection, as it happens. Called in the client's own fiber: must not wait. */
export interface ClientObserver {
    connecting?: (attempt: number) => void
    /** @param ms from the start of opening to CONNACK */
    connected?: (sessionPresent: boolean, ms: number) => void
    /** @param ms the connection had lasted, 0 when it never came to CONNACK */
    lost?: (error: Error, ms: number) => void
    /** The wait before the next try. */
    retry?: (ms: number) => void
    /** An exception reached a root and was caught there. */
    fault?: (error: Error) => void
}

/** Counters since the start. */
export class ClientCounters {
    /** CONNECTs accepted. */
    connects = 0
    /** Connections and tries that ended otherwise than by `stop`. */
    losses = 0
    /** How messages ended, by Outcome. */
    outcomes: number[] = [0, 0, 0, 0, 0, 0]
    /** Inbound messages dropped because their handlers were too slow, or over `maxPacket`. */
    inboxDropped = 0
    oversized = 0
    /** Exceptions caught at a root. */
    faults = 0
    pings = 0
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

/** A connection that the broker closes sooner than this after CONNACK, in ms, may have been taken over. */
const TAKEN_OVER_WITHIN = 120000

/** So many of them in a row are a takeover: two clients with one client id end each other's connections. */
const TAKEN_OVER_TIMES = 3

/** What a subscription gives: the messages, and beside them the QoS the broker granted. */
export interface MQTTSubscription extends Observable<MQTTMessage> {
    /** 0 to 2, 128 when the broker refused, undefined while it has not answered. */
    granted?: number
}

class Handler {
    constructor(
        public topic: string,
        public filter: Buffer,
        public handle: ((m: MQTTMessage) => ds.AsyncVoid) | undefined,
        /** For those who subscribe to the observable. It would drop a handler that throws, so ours is not there. */
        public messages: ObservableValue<MQTTMessage>
    ) {}
}

/** Who is told of messages that no subscription handles: each of them, unlike an emitter, which skips. */
class Unhandled {
    handlers: ds.Handler<MQTTMessage>[] = []

    subscribe(handler: ds.Handler<MQTTMessage>): ds.Unsubscribe {
        this.handlers.push(handler)
        const self = this
        return () => {
            const at = self.handlers.indexOf(handler)
            if (at >= 0) self.handlers.insert(at, -1)
        }
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
    readonly counters = new ClientCounters()
    readonly session: Session
    readonly onerror = ds.emitter<Error>()
    readonly onconnect = ds.emitter<unknown>()
    readonly onclose = ds.emitter<unknown>()
    readonly onunhandledmessage = new Unhandled()
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
    private connectedAt = 0
    private attempt = 0
    /** A packet that the socket would not take yet, and whether the session is told once it does. */
    private pending?: Buffer
    private pendingOwed = false
    private pingOwed = false
    /** The reader may hold more than it has given. */
    private unread = false
    private handlers: Handler[] = []
    private inbox: MQTTMessage[] = []
    private delivering = false
    /** The topic last published to, checked and encoded. */
    private lastTopic = ""
    private lastTopicBytes?: Buffer

    /** @param options checked here: throws ConfigError naming the option */
    constructor(options: MQTTConnectOptions) {
        const deviceId = ds.deviceIdentifier("self")
        this.opt = options
        this.set = settle(options, deviceId, chipWindow())
        const random = new Random(
            deviceId,
            Math.floor(Math.random() * 65536) ^ Math.floor(ds.millis())
        )
        this.session = new Session(
            {
                window: this.set.window,
                queueMessages: this.set.queueMessages,
                queueBytes: this.set.queueBytes,
                inboundIds: 64,
            },
            random.next16()
        )
        this.backoff = new Backoff(
            this.set.retryFirst,
            this.set.retryCap,
            random
        )
        this.keepAlive = new KeepAlive(this.set.keepAlive, this.set.ackTimeout)
        this.reader = new PacketReader(this.set.maxPacket)
        const self = this
        this.socket = new Socket(() => self.wake())
    }

    /**
     * Connects, and keeps connected until `stop`. Waits for the first CONNACK, or for the first try to fail; the
     * client goes on trying then.
     */
    async start(): Promise<void> {
        this.launch()
        const connects = this.counters.connects
        const losses = this.counters.losses
        while (
            this.wanted &&
            this.counters.connects === connects &&
            this.counters.losses === losses
        )
            await ds.sleep(10)
    }

    /** Starts as `start` does and waits for nothing. */
    launch() {
        if (this.wanted) return
        this.wanted = true
        this.stopping = false
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
        while (this.wanted) await ds.sleep(10)
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
        const name = this.topicBytes(topic)
        const payload = payloadBytes(message)
        if (qos === 0 && this.mayBypass()) {
            const packet = encodePublish(name, payload, 0, retained, false, 0)
            const r = this.socket.write(packet)
            if (r === Written.Ok) {
                this.keepAlive.sent(ds.millis())
                this.unproven += packet.length
                this.afterPing += packet.length
                this.counters.outcomes[Outcome.Delivered]++
                return true
            }
            this.wake()
            // when the board's queue is full it waits its turn like any other
            if (r === Written.Lost) {
                this.counters.outcomes[Outcome.Offline]++
                return false
            }
        }
        return await this.awaitEnd(new Message(name, payload, qos, retained))
    }

    private mayBypass(): boolean {
        return !this.pending && !this.full() && this.session.mayBypass()
    }

    /** Sends a message and waits until it is settled or the time limit is over. */
    private async awaitEnd(m: Message): Promise<boolean> {
        const fiber = ds.Fiber.self()
        const counters = this.counters
        let outcome = -1
        m.settled = (_, o) => {
            counters.outcomes[o]++
            outcome = o
            if (fiber.suspended) fiber.resume(undefined)
        }
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
        let more = true
        try {
            more = this.flush()
        } catch (e) {
            // the connection is gone, which the client's fiber has to see
        }
        if (more || this.pending) this.wake()
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
        const filter = Buffer.from(topic)
        const fault = topicFilterFault(filter)
        if (fault !== undefined)
            throw new ConfigError("topic", "filter " + fault)
        if (qos !== 0 && qos !== 1 && qos !== 2)
            throw new ConfigError("qos", "must be 0, 1 or 2")
        const messages = register<MQTTMessage>()
        const subscription = messages as MQTTSubscription
        this.handlers.push(new Handler(topic, filter, handler, messages))
        let answered = false
        this.session.subscribe(filter, qos, code => {
            subscription.granted = code
            answered = true
        })
        await this.awaitAnswer(() => answered)
        return subscription
    }

    /**
     * Ends a subscription, drops its handlers, and waits for the broker's answer while connected.
     * @returns false when there is none to this filter
     */
    async unsubscribe(topic: string): Promise<boolean> {
        const kept: Handler[] = []
        for (const h of this.handlers) if (h.topic !== topic) kept.push(h)
        this.handlers = kept
        let answered = false
        const found = this.session.unsubscribe(Buffer.from(topic), () => {
            answered = true
        })
        if (found) await this.awaitAnswer(() => answered)
        return found
    }

    /** Waits for an answer on this connection; one that is lost or silent ends the wait. */
    private async awaitAnswer(answered: () => boolean) {
        this.wake()
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
        if (topic === this.lastTopic && this.lastTopicBytes)
            return this.lastTopicBytes
        const name = Buffer.from(topic)
        const fault = topicNameFault(name)
        if (fault !== undefined) throw new ConfigError("topic", fault)
        this.lastTopic = topic
        this.lastTopicBytes = name
        return name
    }

    private enter(state: MQTTState) {
        this.readyState = state
    }

    /** Wakes the client's fiber; a wake-up that comes while it runs is not lost, as it looks before it sleeps. */
    private wake() {
        if (this.fiber && this.fiber.suspended) this.fiber.resume(undefined)
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
            let error: Error
            try {
                await this.connection(ds.millis())
            } catch (e) {
                error = e as Error
            }
            const wait = this.ended(error)
            const until = ds.millis() + wait
            while (!this.stopping && ds.millis() < until)
                await this.sleepUntil(until)
        }
        this.fiber = undefined
        this.wanted = false
    }

    /** Puts a connection that ended behind us; returns the wait before the next try in ms. */
    private ended(error: Error): number {
        this.socket.close()
        this.pending = undefined
        this.pingOwed = false
        this.enter(MQTTState.Closed)
        let wait = this.set.retryCap
        try {
            this.session.disconnected()
            this.onclose.emit(undefined)
            if (this.stopping) return 0
            const lasted =
                this.connectedAt >= 0 ? ds.millis() - this.connectedAt : 0
            if (lasted >= HELD) this.backoff.reset()
            error = this.nameTakeover(error, lasted)
            this.counters.losses++
            wait = this.backoff.next()
            const known =
                error instanceof PeerError || error instanceof ResourceError
            if (known) this.onerror.emit(error)
            else this.fault(error)
            if (this.observer.lost) this.observer.lost(error, lasted)
            if (this.observer.retry) this.observer.retry(wait)
        } catch (e) {
            this.counters.faults++
        }
        return wait
    }

    /** Turns the end of a connection into a takeover when the broker has closed too many in a row too soon. */
    private nameTakeover(error: Error, lasted: number): Error {
        const closed =
            error instanceof PeerError && error.clause === "connection"
        if (!closed || this.connectedAt < 0 || lasted > TAKEN_OVER_WITHIN) {
            this.closedSoon = 0
            return error
        }
        this.closedSoon++
        if (this.closedSoon < TAKEN_OVER_TIMES) return error
        this.backoff.refused()
        return new PeerError(
            "MQTT-3.1.3-2",
            "another client seems to use this client id"
        )
    }

    /** One connection from open to its end; throws the reason it ended for, unless stopped. */
    private async connection(begun: number) {
        this.attempt++
        this.enter(MQTTState.Connecting)
        if (this.observer.connecting) this.observer.connecting(this.attempt)
        this.reader.reset()
        this.unread = false
        this.socket.open(this.set.host, this.set.port, this.set.tls)
        await this.opened(begun + this.set.timeout)
        if (this.stopping) return
        this.enter(MQTTState.Open)
        this.keepAlive.start(ds.millis())
        this.put(encodeConnect(this.set), false)
        const connackBy = ds.millis() + this.set.ackTimeout
        while (!this.stopping) {
            const unread = this.drain(begun)
            const unwritten = this.flush()
            if (unread || unwritten) {
                await ds.sleep(0)
                continue
            }
            const now = ds.millis()
            let until = connackBy
            if (this.readyState === MQTTState.Connected) {
                until = this.deadline(now)
            } else if (now >= connackBy)
                throw new ResourceError("ackTimeout", "no CONNACK")
            if (this.pending && now + BUSY_WAIT < until) until = now + BUSY_WAIT
            this.checkOpen()
            if (!this.stopping) await this.sleepUntil(until)
        }
        if (this.readyState === MQTTState.Connected && this.goodbye)
            await this.disconnect()
    }

    private async opened(until: number) {
        while (this.socket.state === SocketState.Opening && !this.stopping) {
            if (ds.millis() >= until)
                throw new ResourceError("timeout", "no connection")
            await this.sleepUntil(until)
        }
        if (!this.stopping) this.checkOpen()
    }

    /** Says goodbye and gives the broker time to close first: a board's close() may overtake its last write. */
    private async disconnect() {
        this.enter(MQTTState.Closing)
        const until = ds.millis() + CLOSE_WAIT
        while (this.pending && ds.millis() < until) {
            await ds.sleep(BUSY_WAIT)
            this.flush()
        }
        if (this.socket.write(encodeDisconnect()) !== Written.Ok) return
        while (this.socket.state === SocketState.Open && ds.millis() < until)
            await this.sleepUntil(until)
    }

    /** Throws when the socket is no longer open; what it still delivered has been read by then. */
    private checkOpen() {
        if (this.socket.state === SocketState.Open) return
        const reason = this.socket.reason
        throw new PeerError(
            "connection",
            reason === "" ? "closed by the broker" : reason
        )
    }

    /** Does what time demands and returns when to look again at the latest, within `ackTimeout`. */
    private deadline(now: number): number {
        const alive = this.keepAlive.state(now)
        if (alive === Alive.Dead)
            throw new PeerError("MQTT-3.12.4-1", "no PINGRESP")
        if (alive === Alive.Ping) {
            this.counters.pings++
            // counted as sent even while the board's queue is full: a link that takes nothing must end too
            this.keepAlive.pinged(now)
            this.pingOwed = true
            this.flush()
        }
        // never longer than an acknowledgement may take, so that a message need not wake this fiber
        let until = now + this.set.ackTimeout
        const keepAlive = this.keepAlive.wakeAt()
        if (keepAlive < until) until = keepAlive
        const oldest = this.session.oldestUnanswered()
        if (oldest >= 0) {
            const by = oldest + this.set.ackTimeout
            if (now >= by)
                throw new ResourceError("ackTimeout", "no acknowledgement")
            if (by < until) until = by
        }
        return until
    }

    /** Writes a packet now, or keeps it as the one to write next: false. */
    private put(packet: Buffer, owed: boolean): boolean {
        const r = this.socket.write(packet)
        if (r === Written.Ok) {
            const now = ds.millis()
            this.keepAlive.sent(now)
            this.unproven += packet.length
            this.afterPing += packet.length
            if (owed) this.session.wrote(now)
            return true
        }
        if (r === Written.Busy) {
            this.pending = packet
            this.pendingOwed = owed
        } else this.checkOpen()
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
            const written = this.put(encodePingreq(), false)
            this.afterPing = 0
            if (!written) return false
        }
        for (let packets = 0; packets < ROUND_PACKETS; packets++) {
            if (this.full()) {
                this.prove()
                return false
            }
            const packet = this.session.take()
            if (!packet || !this.put(packet, true)) return false
        }
        return true
    }

    /** The board's socket may not be given more before some of it is known to have arrived. */
    private full(): boolean {
        return this.set.maxUnproven > 0 && this.unproven >= this.set.maxUnproven
    }

    /** Asks for a PINGRESP, which shows that all written before it has arrived. */
    private prove() {
        if (this.keepAlive.probing()) return
        this.keepAlive.pinged(ds.millis())
        this.pingOwed = true
        this.flush()
    }

    /** Reads what has arrived, at most a round's worth. True when there may be more. */
    private drain(begun: number): boolean {
        const reader = this.reader
        const round = reader.taken + ROUND_BYTES
        for (let packets = 0; packets < ROUND_PACKETS; packets++) {
            let type = PacketType.None
            if (this.unread) type = reader.next()
            while (type === PacketType.None) {
                const chunk = this.socket.read()
                this.unread = chunk !== undefined
                if (!chunk) return false
                this.keepAlive.received(ds.millis())
                reader.push(chunk)
                type = reader.next()
            }
            this.received(type, begun)
            if (this.reader.taken > round) return true
        }
        return true
    }

    private received(type: PacketType, begun: number) {
        if (type === PacketType.Connack) {
            this.receivedConnack(begun)
            return
        }
        // the first packet from the broker is CONNACK [MQTT-3.2.0-1]
        if (this.readyState !== MQTTState.Connected)
            throw new PeerError("MQTT-3.2.0-1", "packet before CONNACK")
        const r = this.reader
        switch (type) {
            case PacketType.Publish:
                if (this.session.receivedPublish(r.qos, r.id)) this.deliver()
                break
            case PacketType.Suback:
                this.session.receivedAnswer(true, r.id, r.code)
                break
            case PacketType.Unsuback:
                this.session.receivedAnswer(false, r.id, 0)
                break
            case PacketType.Pingresp:
                if (this.keepAlive.answered()) this.unproven = this.afterPing
                break
            default:
                this.session.receivedAck(type, r.id)
                break
        }
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
        if (present && this.set.cleanSession)
            throw new PeerError(
                "MQTT-3.2.2-1",
                "session present after a clean session was asked for"
            )
        this.unproven = 0
        this.enter(MQTTState.Connected)
        this.connectedAt = ds.millis()
        this.sessionPresent = present
        this.attempt = 0
        this.counters.connects++
        this.session.connected(present)
        if (this.observer.connected)
            this.observer.connected(present, this.connectedAt - begun)
        this.onconnect.emit(undefined)
    }

    /** Puts the message in the inbox and sees that a fiber empties it. */
    private deliver() {
        const r = this.reader
        if (!r.payload) {
            this.counters.oversized++
            return
        }
        if (this.inbox.length >= this.set.inboxMessages) {
            this.counters.inboxDropped++
            return
        }
        this.inbox.push({
            pid: r.id,
            topic: r.topic.toString(),
            content: r.payload,
            qos: r.qos,
            retain: r.retain ? 1 : 0,
            dup: r.dup,
        })
        if (this.delivering) return
        this.delivering = true
        this.handOver.start()
    }

    private async handOver() {
        while (this.inbox.length > 0) {
            const m = this.inbox.shift()
            const name = Buffer.from(m.topic)
            let handled = false
            for (const h of this.handlers) {
                if (!matches(h.filter, name)) continue
                handled = true
                if (h.handle) await this.guarded(h.handle, m)
                await this.observed(h, m)
            }
            if (!handled)
                for (const handle of this.onunhandledmessage.handlers)
                    await this.guarded(handle, m)
            // many filters against many messages in one go would be too long a run
            await ds.sleep(0)
        }
        this.delivering = false
    }

    /** One handler's mistake is nobody else's. */
    private async guarded(
        handle: (m: MQTTMessage) => ds.AsyncVoid,
        m: MQTTMessage
    ) {
        try {
            await handle(m)
        } catch (e) {
            this.fault(e as Error)
        }
    }

    private async observed(h: Handler, m: MQTTMessage) {
        try {
            await h.messages.emit(m)
        } catch (e) {
            this.fault(e as Error)
        }
    }

    private fault(e: Error) {
        this.counters.faults++
        this.onerror.emit(e)
        if (this.observer.fault) this.observer.fault(e)
    }
}

/** The chips whose socket fails when too much is on its way: RP2040 with lwIP's 11,680 bytes. */
function chipWindow(): number {
    const chip = ds._dcfgString("archId")
    return chip !== undefined && chip.startsWith("rp2040") ? 4000 : 0
}

/** Starts a client as `start` does. */
export async function startMQTTClient(
    options: MQTTConnectOptions
): Promise<MQTTClient> {
    const client = new MQTTClient(options)
    await client.start()
    return client
}
