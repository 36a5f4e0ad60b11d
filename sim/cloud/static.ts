// The page's files: those that lie in one folder when the server starts, and no others. A path is only ever looked up in
// that list, never joined to the folder, so that no path leads out of it.
import { createHash } from "node:crypto"
import { readdirSync, readFileSync } from "node:fs"
import { extname, join } from "node:path"
import type { FastifyInstance } from "fastify"

const TYPES = new Map([
    [".html", "text/html; charset=utf-8"],
    [".js", "text/javascript; charset=utf-8"],
    [".css", "text/css; charset=utf-8"],
    [".svg", "image/svg+xml"],
    [".png", "image/png"],
    [".ico", "image/x-icon"],
    [".webmanifest", "application/manifest+json"],
])

/** @param folder one without subfolders; what has an ending that is not a page's is left out, a folder that is not there has no files */
export function staticRoutes(app: FastifyInstance, folder: string): void {
    for (const file of filesIn(folder)) {
        const type = TYPES.get(extname(file))
        if (type === undefined) continue
        const path = join(folder, file)
        const urls = file === "index.html" ? ["/", "/index.html"] : [`/${file}`]
        for (const url of urls) {
            app.get(url, async (request, reply) => {
                // Read each time: the files are few and small, and who changes one sees it at once.
                const bytes = readFileSync(path)
                const tag = `"${createHash("sha256").update(bytes).digest("base64url").slice(0, 22)}"`
                void reply
                    .header("etag", tag)
                    .header("cache-control", "no-cache")
                if (request.headers["if-none-match"] === tag)
                    return reply.code(304).send()
                return reply.type(type).send(bytes)
            })
        }
    }
}

function filesIn(folder: string): string[] {
    try {
        return readdirSync(folder, { withFileTypes: true })
            .filter(entry => entry.isFile() && !entry.name.startsWith("."))
            .map(entry => entry.name)
    } catch (error) {
        if ((error as NodeJS.ErrnoException).code === "ENOENT") return []
        throw error
    }
}
