// One way, measured in a process of its own: `http-way.ts <way as JSON> <updates> <mean ms> <lasts ms> <alone>`; its figures are the
// one line it prints. So each can have a network namespace of its own.
import { measure, updates, type Way } from "./http-ways"

const [way, count, mean, lasts, alone] = process.argv.slice(2)
const figures = await measure(
    JSON.parse(way!) as Way,
    updates(Number(count), Number(mean)),
    Number(lasts),
    alone === "true"
)
console.log(JSON.stringify(figures))
