// Puts a bound on what aedes keeps for persistent sessions whose client is away: by itself it keeps every message for as
// long as the process lives. Knows nothing of sockets, ports or the command line.

interface Stored {
    topic: string
    payload?: string | Uint8Array
}

/** The part of aedes' store that the bound needs; the published types of aedes leave its store out. */
export interface SessionStore {
    outgoingEnqueue(
        subscription: { clientId: string },
        packet: Stored
    ): Promise<void>
    outgoingEnqueueCombi(
        subscriptions: { clientId: string }[],
        packet: Stored
    ): Promise<void>
    outgoingClearMessageId(
        client: unknown,
        packet: unknown
    ): Promise<Stored | undefined>
}

/** What an entry costs beside its topic and payload: a packet object and its place in a list, rounded up. */
const ENTRY_BYTES = 256

function bytesOf(packet: Stored): number {
    return ENTRY_BYTES + 2 * packet.topic.length + (packet.payload?.length ?? 0)
}

/**
 * Holds the messages waiting in `store`, over all sessions, to `maxBytes`.
 * At the bound the newest message is not stored for the sessions it would go to, and `onDrop` is told for how many;
 * clients that are connected still get it at once, only its repetition after a reconnect is lost.
 */
export function boundBacklog(
    store: SessionStore,
    maxBytes: number,
    onDrop: (topic: string, sessions: number) => void
): { readonly bytes: number } {
    const enqueue = store.outgoingEnqueue.bind(store)
    const enqueueAll = store.outgoingEnqueueCombi.bind(store)
    const clear = store.outgoingClearMessageId.bind(store)
    let bytes = 0

    const admit = (packet: Stored, sessions: number): boolean => {
        const cost = bytesOf(packet) * sessions
        if (bytes + cost > maxBytes) {
            onDrop(packet.topic, sessions)
            return false
        }
        bytes += cost
        return true
    }
    store.outgoingEnqueue = async (subscription, packet) => {
        if (admit(packet, 1)) await enqueue(subscription, packet)
    }
    store.outgoingEnqueueCombi = async (subscriptions, packet) => {
        if (subscriptions.length > 0 && admit(packet, subscriptions.length))
            await enqueueAll(subscriptions, packet)
    }
    store.outgoingClearMessageId = async (client, packet) => {
        const cleared = await clear(client, packet)
        if (cleared) bytes = Math.max(0, bytes - bytesOf(cleared))
        return cleared
    }
    return {
        get bytes() {
            return bytes
        },
    }
}
