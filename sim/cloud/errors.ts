// What goes wrong, as a client of the API reads it: {"statusCode","error","message"}, one sentence, never a stack.
// Knows nothing of routes.
import { STATUS_CODES } from "node:http"
import type { FastifyError, FastifyReply, FastifyRequest } from "fastify"
import { UnreachableError } from "./broker-link"
import { FullError } from "./catalog"
import { MAX_BODY } from "./limits"

/** An answer other than 2xx, with a message for a person. */
export class ApiError extends Error {
    constructor(
        readonly statusCode: number,
        message: string
    ) {
        super(message)
        this.name = "ApiError"
    }
}

export function notFound(what: string): ApiError {
    return new ApiError(404, what)
}

/** @param onDefect told of what is a mistake of this program */
export function errorHandler(onDefect: (text: string) => void) {
    return (
        error: FastifyError,
        request: FastifyRequest,
        reply: FastifyReply
    ): void => {
        const { status, message } = describe(error, request)
        if (status === 500)
            onDefect(
                `${request.method} ${request.routeOptions.url ?? "?"}: ${error.stack ?? error.message}`
            )
        sendError(reply, status, message)
    }
}

export function sendError(
    reply: FastifyReply,
    status: number,
    message: string
): void {
    void reply
        .code(status)
        .header("cache-control", "no-store")
        .type("application/json; charset=utf-8")
        .send({
            statusCode: status,
            error: STATUS_CODES[status] ?? "Error",
            message,
        })
}

function describe(
    error: FastifyError,
    request: FastifyRequest
): { status: number; message: string } {
    if (error instanceof UnreachableError)
        return { status: 503, message: error.message }
    if (error instanceof FullError)
        return { status: 507, message: error.message }
    if (error.validation !== undefined && error.validationContext === "params")
        return {
            status: 400,
            message:
                "a device, sensor or actuator id is 1 to 64 of A-Z a-z 0-9 _ - .",
        }
    const status = error.statusCode ?? 500
    if (status >= 500)
        return {
            status: 500,
            message: "this server has met a defect of its own",
        }
    switch (error.code) {
        case "FST_ERR_CTP_BODY_TOO_LARGE":
            return {
                status,
                message: `the body is larger than ${MAX_BODY} bytes`,
            }
        case "FST_ERR_CTP_INVALID_MEDIA_TYPE":
            return {
                status,
                message:
                    "the body must be JSON: send Content-Type: application/json",
            }
        case "FST_ERR_CTP_EMPTY_JSON_BODY":
        case "FST_ERR_CTP_INVALID_JSON_BODY":
            return { status, message: "the body is not valid JSON" }
        default:
            // 400 for what Node.js could not read of the path.
            return {
                status,
                message:
                    error.code === "FST_ERR_BAD_URL"
                        ? "the path is not well formed"
                        : error.message || `${request.method} was refused`,
            }
    }
}
