// The simulated hardware around one VM: a Jacdac device that carries one server for each role the program
// asks for, in the order it asks, so that roles of one class bind to servers in a known order. It stays when
// the chip is reset, as hardware does.
import type { Clock, Vm } from "../vm"
import { deviceOf, packets } from "../vm/frames"
import { constant, type Curve } from "./curves"
import {
    jacdacOn,
    type Jacdac,
    type JDServerServiceProvider,
    type JDServiceServer,
} from "./jacdac"
import { simulatedServer, STREAM_MS } from "./servers"

/** The simulated device's identifier, and that of the bus it is on: apart from those of chips. */
const PROVIDER_ID = "5e45045000000001"
const BUS_ID = "5e45045000000000"

/** The service of a device that says which others it has; silent sensors do not keep it from saying so. */
const CONTROL_SERVICE = 0

/** ms a program may take to ask for a role: it starts after 1.1 s, and may read settings before. */
const READY_MS = 10_000

/** ms a button is held down: the library looks at it every 50 ms, so less than 100 could go unseen. */
const PRESS_MS = 150
const MIN_PRESS_MS = 100

/** The registers of a Jacdac service that say what it does: its value, and its intensity. */
const STATES = [2, 1]

/** A sensor that streams numbers. */
export interface SimulatedSensor {
    /** The value from now on. */
    set(value: number): void
    /** Follows a curve of the ms since the board was attached. */
    follow(curve: Curve): void
    /** Stops answering and streaming, as with a broken wire, while the rest of the board goes on. */
    silence(): void
    resume(): void
}

interface Attached {
    server: JDServiceServer
    sensor?: SimulatedSensor
}

/** No role of that name and kind is simulated. */
export class NoSuchRole extends Error {
    override name = "NoSuchRole"
}

export class SimulatedBoard {
    /** Roles the program asked for that nothing here can play, by name. */
    readonly unknown: string[] = []
    private readonly jacdac: Jacdac
    private readonly bus: InstanceType<Jacdac["JDBus"]>
    private readonly provider: JDServerServiceProvider
    private readonly attached = new Map<string, Attached>()
    private readonly waiting = new Set<() => void>()
    private readonly samplers: (() => void)[] = []
    private readonly silentServers = new Set<JDServiceServer>()
    private readonly vm: Vm
    private readonly clock: Clock
    private readonly started: number
    private readonly sampling: unknown
    private silent = false
    private detached = false

    /** @internal use attachSensors */
    constructor(vm: Vm, clock: Clock) {
        this.vm = vm
        this.clock = clock
        this.started = clock.now()
        this.jacdac = jacdacOn(clock)
        const { JDBus, JDServerServiceProvider: Provider } = this.jacdac
        this.bus = new JDBus([this.transport()], {
            deviceId: BUS_ID,
            client: false,
        })
        this.provider = new Provider("sensors", [], { deviceId: PROVIDER_ID })
        void this.bus.connect()
        this.watchRoles()
        this.sampling = clock.setInterval(() => {
            for (const sample of this.samplers) sample()
        }, STREAM_MS)
        vm.on("end", () => this.detach())
    }

    /** The names of the roles that are simulated now. */
    get roles(): string[] {
        return [...this.attached.keys()]
    }

    /**
     * Resolves when the role is simulated: the program has asked for it. That it is bound takes up to 1.5 s more.
     * @throws {NoSuchRole} when the program has not asked in 10 s of the board's clock, or has ended
     */
    async ready(role: string): Promise<void> {
        let late = false
        const timer = this.clock.setTimeout(() => {
            late = true
            this.wake()
        }, READY_MS)
        try {
            while (!this.attached.has(role)) {
                if (late || this.detached) throw this.missing(role, "role")
                await new Promise<void>(resolve => this.waiting.add(resolve))
            }
        } finally {
            this.clock.clearTimeout(timer)
        }
    }

    /** @throws {NoSuchRole} */
    sensor(role: string): SimulatedSensor {
        const sensor = this.attached.get(role)?.sensor
        if (!sensor) throw this.missing(role, "sensor")
        return sensor
    }

    /** Holds a button down for `ms` of the board's clock, at least 100. @throws {NoSuchRole} */
    press(role: string, ms = PRESS_MS): void {
        const server = this.attached.get(role)?.server
        if (!(server instanceof this.jacdac.ButtonServer))
            throw this.missing(role, "button")
        void server.down()
        this.clock.setTimeout(
            () => void server.up(),
            Math.max(ms, MIN_PRESS_MS)
        )
    }

    /** @throws {NoSuchRole} */
    switch(role: string): { set(on: boolean): void } {
        const server = this.attached.get(role)?.server
        if (!(server instanceof this.jacdac.SwitchServer))
            throw this.missing(role, "switch")
        return {
            set: on => void (on ? server.switchOn() : server.switchOff()),
        }
    }

    /** What an actuator is set to, in its service's own unit: a relay to 0 or 1. @throws {NoSuchRole} */
    state(role: string): unknown {
        const registers = this.attached.get(role)?.server.registers ?? []
        for (const code of STATES)
            for (const register of registers)
                if (register.identifier === code) return register.values()[0]
        throw this.missing(role, "actuator")
    }

    /** All of the board stops answering, as with a pulled cable; `resume` plugs it in again. */
    silence(): void {
        this.silent = true
    }

    resume(): void {
        this.silent = false
    }

    /** Takes the hardware away and stops its timers. */
    detach(): void {
        if (this.detached) return
        this.detached = true
        this.clock.clearInterval(this.sampling)
        this.bus.removeServiceProvider(this.provider)
        void this.bus.dispose()
        this.wake()
    }

    private wake() {
        for (const resolve of this.waiting) resolve()
        this.waiting.clear()
    }

    private missing(role: string, kind: string) {
        return new NoSuchRole(
            `the board has no ${kind} ${role}: it has ${this.roles.join(", ") || "nothing yet"}`
        )
    }

    private transport() {
        const { vm } = this
        const send = (frame: Uint8Array) => {
            if (!this.muted(frame)) vm.bus.send(frame)
        }
        const { Transport } = this.jacdac
        class VmTransport extends Transport {
            private unsubscribe: (() => void) | undefined
            constructor() {
                super("vm", {})
            }
            protected async transportConnectAsync() {
                this.unsubscribe = vm.bus.onFrame(frame =>
                    this.handleFrame(frame, true)
                )
                return Promise.resolve()
            }
            protected async transportDisconnectAsync() {
                this.unsubscribe?.()
                return Promise.resolve()
            }
            protected async transportSendPacketAsync(frame: Uint8Array) {
                send(frame)
                return Promise.resolve()
            }
        }
        return new VmTransport()
    }

    /** Whether all that the frame carries comes from what is silent. */
    private muted(frame: Uint8Array): boolean {
        if (this.silent) return true
        if (this.silentServers.size === 0 || deviceOf(frame) !== PROVIDER_ID)
            return false
        const services = new Set(
            [...this.silentServers].map(server => server.serviceIndex)
        )
        return packets(frame).every(
            ({ service }) =>
                service !== CONTROL_SERVICE && services.has(service)
        )
    }

    /** Asks the chip which roles its program wants whenever it says that they changed. */
    private watchRoles() {
        const { ROLE_MANAGER_CHANGE } = this.jacdac
        let unsubscribe: (() => void) | undefined
        this.bus.on(ROLE_MANAGER_CHANGE, () => {
            unsubscribe?.()
            const manager = this.bus.roleManager
            if (!manager) return
            const update = () => this.play(manager.roles)
            unsubscribe = manager.subscribe("change", update)
            manager.startRefreshRoles()
            update()
        })
    }

    /** Adds a server for each role that has none yet. */
    private play(roles: { name: string; serviceClass: number }[]) {
        let added = false
        // a driver's role has arguments after its name
        const order = this.vm.roles.map(role => role.split("?", 1)[0])
        const asked = [...roles].sort(
            (a, b) => order.indexOf(a.name) - order.indexOf(b.name)
        )
        for (const role of asked) {
            if (this.attached.has(role.name)) continue
            if (this.servedByChip(role.serviceClass)) continue
            if (this.unknown.includes(role.name)) continue
            const attached = this.server(role.serviceClass)
            if (attached) {
                this.attached.set(role.name, attached)
                added = true
            } else this.unknown.push(role.name)
        }
        if (!added) return
        this.provider.updateServices(
            [...this.attached.values()].map(({ server }) => server)
        )
        this.bus.addServiceProvider(this.provider)
        this.wake()
    }

    /** The chip has a server of that class itself, as for its settings. */
    private servedByChip(serviceClass: number): boolean {
        const chip = this.bus.device(this.vm.deviceId, true)
        return (chip?.services({ serviceClass }).length ?? 0) > 0
    }

    private server(serviceClass: number): Attached | undefined {
        const simulated = simulatedServer(this.jacdac, serviceClass)
        if (!simulated) return undefined
        const { server, measures } = simulated
        if (!measures) return { server }
        let { curve } = measures
        const sample = () =>
            measures.take(curve(this.clock.now() - this.started))
        this.samplers.push(sample)
        const follow = (next: Curve) => {
            curve = next
            sample()
        }
        return {
            server,
            sensor: {
                follow,
                set: value => follow(constant(value)),
                silence: () => void this.silentServers.add(server),
                resume: () => void this.silentServers.delete(server),
            },
        }
    }
}

/** Puts simulated hardware around a VM that lives by the same clock. */
export function attachSensors(vm: Vm, clock: Clock): SimulatedBoard {
    return new SimulatedBoard(vm, clock)
}
