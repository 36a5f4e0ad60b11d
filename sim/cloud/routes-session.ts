// The token's own routes: the only part of the API that answers without it.
import type { FastifyInstance } from "fastify"
import type { CloudContext } from "./context"
import { ApiError } from "./errors"
import { MAX_LOGINS } from "./limits"
import * as schema from "./schemas"

export const SESSION_PATH = "/api/v2/session"

export function sessionRoutes(
    app: FastifyInstance,
    { gate }: CloudContext
): void {
    app.get(SESSION_PATH, async request => ({
        required: gate.required,
        open: gate.open(request),
    }))
    app.post<{ Body: { token: string } }>(
        SESSION_PATH,
        {
            schema: { body: schema.login },
            config: { rateLimit: { max: MAX_LOGINS, timeWindow: 60_000 } },
        },
        async ({ body }, reply) => {
            if (!gate.required) return reply.code(204).send()
            const cookie = gate.enter(body.token)
            if (cookie === undefined)
                throw new ApiError(401, "this is not the token")
            return reply.code(204).header("set-cookie", cookie).send()
        }
    )
    app.delete(SESSION_PATH, async (request, reply) =>
        reply.code(204).header("set-cookie", gate.leave(request)).send()
    )
}
