// Firmware that is broken on purpose, one rule each: text of a source file and what stands there instead. They are what the
// world is tried with: a world that does not catch them proves nothing about the firmware that it lets pass.

export interface Mutant {
    name: string
    /** Path from the project's root. */
    file: string
    /** Stands in the file exactly once. */
    from: string
    to: string
}

const SESSION = "src/mqtt/session.ts"
const CLIENT = "src/mqtt/client.ts"
const KEEP_ALIVE = "src/mqtt/keepalive.ts"
const BACKOFF = "src/mqtt/backoff.ts"
const SUBSCRIPTIONS = "src/mqtt/subscriptions.ts"
const PARKING = "src/mqtt/parking.ts"
const SOCKET = "src/mqtt/socket.ts"
const NODE = "src/node/node.ts"
const DELIVERY = "src/node/delivery.ts"
const PRESENCE = "src/node/presence.ts"
const OUTBOX = "src/node/outbox.ts"
const ACCOUNTS = "src/node/accounts.ts"
const ACTUATORS = "src/node/actuators.ts"
const KEPT = "src/node/kept.ts"

/** Of the node's observer, in the order that is right. */
const CONNECTED =
    "            },\n            connected: (present, ms) => {\n                // not earlier: a connection may have taken a minute to come about\n"
const STAMPS = "                self.delivery.restamp()\n"

export const MUTANTS: readonly Mutant[] = [
    {
        name: "forgets DUP",
        file: SESSION,
        from: "this.sentAt !== NEVER,",
        to: "false,",
    },
    {
        name: "uses an identifier again that is in flight",
        file: SESSION,
        from: "if (!this.inflightById(this.lastId)) break",
        to: "this.lastId = 1 + (this.lastId & 3); break",
    },
    {
        name: "does not look for PINGRESP",
        file: KEEP_ALIVE,
        from: "return now - this.pingAt >= this.answer ? Alive.Dead : Alive.Ok",
        to: "return Alive.Ok",
    },
    {
        name: "pings at the whole keep alive",
        file: KEEP_ALIVE,
        from: "this.half = seconds * 500",
        to: "this.half = seconds * 1000",
    },
    {
        name: "never answers a stray down",
        file: PRESENCE,
        from: "if (text === UP) return",
        to: "if (text !== SLEEPING) return",
    },
    {
        name: "says up once only",
        file: NODE,
        from: "if (!self.stopped) self.presence.say(UP)",
        to: "if (self.client.counters.connects === 1) self.presence.say(UP)",
    },
    {
        name: "has a will that is not retained",
        file: NODE,
        from: "will: { topic: status, message: DOWN, qos: 1, retain: true }",
        to: "will: { topic: status, message: DOWN, qos: 1, retain: false }",
    },
    {
        name: "asks for a clean session",
        file: NODE,
        from: "cleanSession: o.cleanSession === true,",
        to: "cleanSession: true,",
    },
    {
        name: "takes the second reading out of the outbox and drops the first",
        file: DELIVERY,
        from: "        box.drop(0)\n        this.send(origin, value, at, false)",
        to: "        box.drop(0)\n        box.drop(0)\n        this.send(origin, value, at, false)",
    },
    {
        name: "empties the outbox from the newest",
        file: DELIVERY,
        from: "        const value = box.valueAt(0)\n        const at = box.takenAt(0)\n        box.drop(0)",
        to: "        const last = box.length - 1\n        const value = box.valueAt(last)\n        const at = box.takenAt(last)\n        box.drop(last)",
    },
    {
        name: "has one slot too many",
        file: OUTBOX,
        from: "            if (n < this.slots) return\n",
        to: "            if (n <= this.slots) return\n",
    },
    {
        name: "thins without counting",
        file: OUTBOX,
        from: "                this.thinned++\n",
        to: "",
    },
    {
        name: "does not draw its waits",
        file: BACKOFF,
        from: "return this.random.upTo(ceiling)",
        to: "return ceiling",
    },
    {
        name: "does not wait longer each time",
        file: BACKOFF,
        from: "this.ceiling = 2 * ceiling",
        to: "this.ceiling = ceiling",
    },
    {
        name: "waits without a bound",
        file: BACKOFF,
        from: "if (this.ceiling > this.cap) this.ceiling = this.cap",
        to: "",
    },
    {
        name: "acknowledges before it hands over",
        file: CLIENT,
        from: "else if (this.receiver) await this.receiver.deliver(reader)",
        to: "else if (this.receiver) { this.flush(); await ds.sleep(60); await this.receiver.deliver(reader) }",
    },
    {
        name: "does not acknowledge what it receives",
        file: SESSION,
        from: "            this.reply(PacketType.Puback, id)\n",
        to: "",
    },
    {
        name: "repeats nothing after a reconnect",
        file: SESSION,
        from: "this.resending = this.inflight.length > 0",
        to: "this.resending = false",
    },
    {
        name: "forgets what is in flight when the broker lost the session",
        file: SESSION,
        from: "                to.insert(0, 1)\n                to[0] = m",
        to: "                this.settle(m, Outcome.Delivered)",
    },
    {
        name: "turns round what was in flight when the broker lost the session",
        file: SESSION,
        from: "                to.insert(0, 1)\n                to[0] = m",
        to: "                to.push(m)",
    },
    {
        name: "takes any PUBACK for the oldest message's",
        file: SESSION,
        from: "        const m = this.inflight[at]\n        if (!m) {",
        to: "        if (at < 0) at = 0\n        const m = this.inflight[at]\n        if (!m) {",
    },
    {
        name: "does not look for PUBACK",
        file: SESSION,
        from: "            if (m.sentAt >= 0) if (m.sentAt < oldest) oldest = m.sentAt\n",
        to: "            if (m.sentAt === oldest) oldest = m.sentAt\n",
    },
    {
        name: "never gives a message up",
        file: PARKING,
        from: "if (sum < this.connections * CLOSES) return",
        to: "if (sum >= 0) return",
    },
    {
        name: "does not subscribe again",
        file: SUBSCRIPTIONS,
        from: "let known = sessionPresent",
        to: "let known = true",
    },
    {
        name: "takes any session that is present for its own",
        file: CLIENT,
        from: "this.session.connected(present, this.asked > 1)",
        to: "this.session.connected(present)",
    },
    {
        name: "takes a refused subscription for good",
        file: SUBSCRIPTIONS,
        from: "if (s.granted === SUBACK_FAILURE) known = false",
        to: "",
    },
    {
        name: "has no bound to what is in flight",
        file: DELIVERY,
        from: "const WINDOW = 4",
        to: "const WINDOW = 40",
    },
    {
        name: "does not look whether the session has room for a reading",
        file: DELIVERY,
        from: "session.waiting() >= SESSION_WINDOW",
        to: "session.waiting() >= 10 * SESSION_WINDOW",
    },
    {
        name: "publishes before CONNACK",
        file: CLIENT,
        from: "        this.put(encodeConnect(this.set), false)\n",
        to: "        this.put(encodeConnect(this.set), false)\n        this.put(encodeEmpty(PacketType.Pingreq), false)\n",
    },
    {
        name: "takes a write that was refused for one that was taken",
        file: SOCKET,
        from: "if (r === -1 || r === NO_SOCKET) return Written.Busy",
        to: "if (r === -1 || r === NO_SOCKET) return Written.Ok",
    },
    {
        name: "reads bytes that come before the connection is open",
        file: SOCKET,
        from: "            if (this.state !== SocketState.Open) return\n",
        to: "",
    },
    {
        name: "passes off a late reading as fresh",
        file: DELIVERY,
        from: "        if (age >= FRESH)\n",
        to: "        if (age >= 60000)\n",
    },
    {
        name: "stamps what is repeated before it connects, not when it has",
        file: NODE,
        from: CONNECTED + STAMPS,
        to: STAMPS + CONNECTED,
    },
    {
        name: "counts a reading twice as acknowledged",
        file: DELIVERY,
        from: "else accounts.acked += n",
        to: "else accounts.acked += n + (r.sentAt > 60000 ? 1 : 0)",
    },
    {
        name: "forgets what it kept over a restart",
        file: KEPT,
        from: "        const text = valueText(box.valueAt(i), delivery.origins[s].precision)\n        if (text !== undefined) await w.add",
        to: "        const text = valueText(box.valueAt(i), delivery.origins[s].precision)\n        if (text === undefined) await w.add",
    },
    {
        name: "drops commands that come together",
        file: ACTUATORS,
        from: "const MAX_WAITING = 4",
        to: "const MAX_WAITING = 1",
    },
    {
        name: "loses a reading of the accounts",
        file: ACCOUNTS,
        from: "            this.full + box.full,",
        to: "            this.full + box.full - (this.read > 100 ? 1 : 0),",
    },
]
