import * as ds from "@devicescript/core"

setInterval(async () => {
    console.log("up", ds.millis())
}, 1000)
