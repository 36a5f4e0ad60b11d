// Lets aedes finish a delivery of which it keeps nothing: by itself it cuts the client with "no such packet". That is so when a
// subscription is taken back while a message is on its way to it, and when the backlog has no room for that message. What
// was begun is to be completed [MQTT-3.10.4-3]; only its repetition after a reconnect is lost. Knows nothing of sockets.

/** The part of aedes' store that this needs; the published types of aedes leave its store out. */
export interface DeliveryStore {
    outgoingUpdate(client: unknown, packet: { cmd: string }): Promise<void>
}

/** What aedes-persistence throws for a message that is not kept for a client. */
const UNKEPT = "no such packet"

/** Makes `store` take it as done when a message about to be sent is not in it. */
export function allowUnkept(store: DeliveryStore): void {
    const update = store.outgoingUpdate.bind(store)
    store.outgoingUpdate = async (client, packet) => {
        try {
            await update(client, packet)
        } catch (error) {
            const unkept = error instanceof Error && error.message === UNKEPT
            // A PUBREC for what was never sent is the client's mistake.
            if (!unkept || packet.cmd !== "publish") throw error
        }
    }
}
