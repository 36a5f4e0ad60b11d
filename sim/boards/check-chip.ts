// What a board's chip can do, to be known before it hangs on a wall, and what a board file asks of it that it cannot.
import type { Subject } from "./check"

const TLS = {
    none: "no TLS",
    public: "TLS with public authorities",
    host: "TLS",
}

export function checkChip({ board, source, findings }: Subject): void {
    const { chip, hardware, hardwareName, file } = board
    findings.ok(
        "chip",
        [
            hardware === undefined
                ? chip.name
                : `${chip.name} (${hardwareName})`,
            `heap ${chip.heapKiB} KiB`,
            `image to ${chip.maxImage.toLocaleString("en")} B`,
            TLS[chip.tls],
            chip.sleeps ? "deep sleep" : "no deep sleep",
        ].join(", ")
    )
    for (const { text, source: from } of chip.notes)
        findings.note("chip", { text: `${text} (${from})` })
    if (source.makes("Sleep") && !chip.sleeps)
        findings.wrong("chip", {
            file,
            ...source.made("Sleep"),
            text: `${chip.name} has no deep sleep`,
            fix: "leave it out, or take another chip",
        })
    // A chip that connects to names only is one whose name cache breaks the next connection.
    if (!chip.addresses && !source.makes("RestartAfterLoss"))
        findings.wrong("chip", {
            file,
            key: "parts",
            value: "(no RestartAfterLoss)",
            ...source.find("parts"),
            text: `after a lost link ${chip.name} does not connect again until it is restarted`,
            fix: "add new RestartAfterLoss() to parts",
        })
}
