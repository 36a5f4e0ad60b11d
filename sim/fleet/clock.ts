// The clock of one VM among many. A VM with nothing to do looks at its timers and sockets every 10 ms, which is what an idle
// one costs; here it looks more rarely, and at once when its connection has brought something. Knows nothing of fleets.
import { realClock, type Clock } from "../vm"

/** ms between two looks of a VM that has nothing to do, as it asks for. */
export const VM_TICK = 10

/** The next look of a VM. */
class Look {
    timer: NodeJS.Timeout | undefined
    immediate: NodeJS.Immediate | undefined

    cancel(): void {
        clearTimeout(this.timer)
        clearImmediate(this.immediate)
        this.timer = this.immediate = undefined
    }
}

export class HurriedClock implements Clock {
    #next: { look: Look; run: () => void } | undefined

    /** ms between two looks of an idle VM, 10 or more: how late a timer of its program may fire. */
    tick = VM_TICK

    now(): number {
        return realClock.now()
    }

    setTimeout(callback: () => void, ms: number): unknown {
        if (ms !== VM_TICK) return realClock.setTimeout(callback, ms)
        const look = new Look()
        const run = () => {
            if (this.#next?.look === look) this.#next = undefined
            callback()
        }
        look.timer = setTimeout(run, this.tick)
        this.#next = { look, run }
        return look
    }

    clearTimeout(id: unknown): void {
        if (id instanceof Look) id.cancel()
        else realClock.clearTimeout(id)
    }

    setInterval(callback: () => void, ms: number): unknown {
        return realClock.setInterval(callback, ms)
    }

    clearInterval(id: unknown): void {
        if (id instanceof Look) id.cancel()
        else realClock.clearInterval(id)
    }

    /** Something comes in for the VM: it looks as soon as that is handed over. */
    hurry(): void {
        const next = this.#next
        // none, or it is cancelled or hurried already
        if (!next?.look.timer) return
        next.look.cancel()
        next.look.immediate = setImmediate(next.run)
    }
}
