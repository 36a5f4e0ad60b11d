// Joins the Wi-Fi that this board was given. The platform's own tools hand Wi-Fi credentials to a board over USB only, so
// an image that carries them needs this; a board that has them already is left alone.

import { bounded } from "../config/bounded"
import { Setting } from "../config/keys"
import { setting } from "../config/settings"
import * as ds from "@devicescript/core"
import type { NodePart } from "./node"
import { reportFault } from "./report"

/** Longest wait for the chip's Wi-Fi service, and for each of its answers, in ms: a role is bound within 1.5 s. */
const LIMIT = 3000

/**
 * `parts: [new WifiSettings()]`: the settings NET_SSID and NET_PWD, which a settings file calls WIFI_SSID and WIFI_PWD. A chip
 * keeps the network that it was given last, so that it is given once; each time more would cost it some bytes for good.
 * @devsWhenUsed
 */
export class WifiSettings implements NodePart {
    start() {
        this.join.start()
    }

    private async join() {
        const ssid = await setting<string>(Setting.Ssid)
        if (ssid === undefined) return
        const password = (await setting<string>(Setting.WifiPassword)) ?? ""
        const wifi = new ds.Wifi("wifi")
        const until = ds.millis() + LIMIT
        while (!wifi.isBound && ds.millis() < until) await ds.sleep(20)
        // a simulated chip has none, and needs none
        if (!wifi.isBound && ds.isSimulator()) return
        let joined = ""
        let why = await bounded(async () => {
            joined = await wifi.ssid.read()
        }, LIMIT)
        if (joined === ssid) return
        if (why === "")
            why = await bounded(async () => {
                await wifi.addNetwork(ssid, password)
            }, LIMIT)
        if (why !== "") reportFault("Wi-Fi", new Error(why))
    }
}
