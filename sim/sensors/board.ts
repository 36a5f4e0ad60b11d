// The simulated hardware around one VM: a Jacdac device that carries one server for each role the program
// asks for, in the order it asks, so that roles of one class bind to servers in a known order.
import type { Clock, Vm } from "../vm"
import { defaultCurve, SERVICE, type Curve } from "./curves"
import {
    jacdacOn,
    type Jacdac,
    type JDServerServiceProvider,
    type JDServiceServer,
} from "./jacdac"

/** How often a simulated sensor takes a new value from its curve, ms; it streams as often. */
const SAMPLE_MS = 500

/** The simulated device's identifier, apart from that of any chip. */
const PROVIDER_ID = "5e45045000000001"

/** A sensor that streams numbers. */
export interface SimulatedSensor {
    /** The value from now on. */
    set(value: number): void
    /** Follows a curve of the ms since the board was attached. */
    follow(curve: Curve): void
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
    private readonly listeners = new Set<() => void>()
    private readonly timers: unknown[] = []
    private readonly vm: Vm
    private readonly clock: Clock
    private readonly started: number
    private silent = false

    /** @internal use attachSensors */
    constructor(vm: Vm, clock: Clock) {
        this.vm = vm
        this.clock = clock
        this.started = clock.now()
        this.jacdac = jacdacOn(clock)
        const { JDBus, JDServerServiceProvider: Provider } = this.jacdac
        this.bus = new JDBus([this.transport()], {
            deviceId: "5e45045000000000",
            client: false,
        })
        this.provider = new Provider("sensors", [], { deviceId: PROVIDER_ID })
        void this.bus.connect()
        this.watchRoles()
        vm.on("end", () => this.detach())
    }

    /** The names of the roles that are simulated now. */
    get roles(): string[] {
        return [...this.attached.keys()]
    }

    /** Resolves when the role is simulated: the program has asked for it, about a second after its start. */
    async ready(role: string): Promise<void> {
        while (!this.attached.has(role))
            await new Promise<void>(resolve => {
                const listener = () => {
                    this.listeners.delete(listener)
                    resolve()
                }
                this.listeners.add(listener)
            })
    }

    /** @throws {NoSuchRole} */
    sensor(role: string): SimulatedSensor {
        const sensor = this.attached.get(role)?.sensor
        if (!sensor) throw this.missing(role, "a sensor")
        return sensor
    }

    /** Holds a button down for `ms` of the board's clock. @throws {NoSuchRole} */
    press(role: string, ms = 150): void {
        const server = this.attached.get(role)?.server
        if (!(server instanceof this.jacdac.ButtonServer))
            throw this.missing(role, "a button")
        void server.down()
        this.clock.setTimeout(() => void server.up(), ms)
    }

    /** @throws {NoSuchRole} */
    switch(role: string): { set(on: boolean): void } {
        const server = this.attached.get(role)?.server
        if (!(server instanceof this.jacdac.SwitchServer))
            throw this.missing(role, "a switch")
        return {
            set: on => void (on ? server.switchOn() : server.switchOff()),
        }
    }

    /** All sensors stop answering, as with a pulled cable; `resume` plugs it in again. */
    silence(): void {
        this.silent = true
    }

    resume(): void {
        this.silent = false
    }

    /** Takes the hardware away and stops its timers. */
    detach(): void {
        for (const id of this.timers) this.clock.clearInterval(id)
        this.timers.length = 0
        this.bus.stop()
        this.bus.dispose()
    }

    private missing(role: string, kind: string) {
        return new NoSuchRole(
            `the board has no ${kind} ${role}: it has ${this.roles.join(", ") || "nothing yet"}`
        )
    }

    private transport() {
        const { vm } = this
        const silent = () => this.silent
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
            }
            protected async transportDisconnectAsync() {
                this.unsubscribe?.()
            }
            protected async transportSendPacketAsync(frame: Uint8Array) {
                if (!silent()) vm.bus.send(frame)
            }
        }
        return new VmTransport()
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
    private play(
        roles: { name: string; serviceClass: number; deviceId?: string }[]
    ) {
        let added = false
        const order = this.vm.roles
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
        for (const listener of this.listeners) listener()
    }

    /** The chip has a server of that class itself, as for its settings. */
    private servedByChip(serviceClass: number): boolean {
        const chip = this.bus.device(this.vm.deviceId, true)
        return (chip?.services({ serviceClass }).length ?? 0) > 0
    }

    private server(serviceClass: number): Attached | undefined {
        const {
            AnalogSensorServer,
            ButtonServer,
            SwitchServer,
            isSensor,
            serviceProviderDefinitionFromServiceClass: definition,
            serviceSpecificationFromClassIdentifier: specification,
        } = this.jacdac
        if (serviceClass === SERVICE.button)
            return { server: new ButtonServer() }
        if (serviceClass === SERVICE.switch)
            return { server: new SwitchServer() }
        const spec = specification(serviceClass)
        if (!spec) return undefined
        const reading = spec.packets.find(p => p.identifierName === "reading")
        if (isSensor(spec) && reading?.fields.length === 1) {
            const curve = defaultCurve(serviceClass)
            const server = new AnalogSensorServer(serviceClass, {
                readingValues: [curve(0)],
                streamingInterval: SAMPLE_MS,
            })
            return { server, sensor: this.follower(server, curve) }
        }
        const server = definition(serviceClass)?.services()[0]
        return server ? { server } : undefined
    }

    private follower(
        server: InstanceType<Jacdac["AnalogSensorServer"]>,
        first: Curve
    ): SimulatedSensor {
        let curve = first
        const sample = () =>
            void server.reading.setValues([
                curve(this.clock.now() - this.started),
            ])
        this.timers.push(this.clock.setInterval(sample, SAMPLE_MS))
        return {
            set(value) {
                curve = () => value
                sample()
            },
            follow(next) {
                curve = next
                sample()
            },
        }
    }
}

/** Puts simulated hardware around a VM that lives by the same clock. */
export function attachSensors(vm: Vm, clock: Clock): SimulatedBoard {
    return new SimulatedBoard(vm, clock)
}
