// Every bound of the cloud stand-in, written once, each with its unit and reason. docs/cloud-api.md repeats them for its users.
// Knows nothing of what they are applied to.

/** Port of page and API. Registered for nothing that is common; 8080 is taken on many a developer's machine. */
export const DEFAULT_PAGE_PORT = 8088

/** Devices known at once: a fleet in one process has 1,000. */
export const MAX_DEVICES = 1_000
/** Sensors and actuators over all devices: ten a device. An entry is about 1 kB, so 10 MB. */
export const MAX_THINGS = 10_000
/** Bytes of one value as JSON. A node's text is 64 bytes at most; the rest is for a person's experiments. */
export const MAX_VALUE = 1_024
/** Bytes of a payload that is parsed; a batch of 100 late readings is 6 kB. */
export const MAX_PAYLOAD = 65_536
/** Bytes of a device's diagnostics that are kept; those of a node with ten sensors have 1 kB. */
export const MAX_DIAGNOSTICS = 4_096
/** Characters of a name, a unit or a quantity kind. */
export const MAX_NAME = 64

/** ms a reading may be older than its arrival before it counts as late; a node stamps what it sends 2 s or more after it was taken. */
export const LATE_MS = 2_000
/** ms a timestamp may lie in the future: a clock that is wrong by its time zone is wrong by less. */
export const MAX_FUTURE_MS = 24 * 3_600_000
/** 2000-01-01, in ms since 1970: a timestamp before it is from a clock that was never set. */
export const MIN_TIME = 946_684_800_000

/** ms that history is kept, from its arrival here on. */
export const RETENTION_MS = 7 * 24 * 3_600_000
/** Values kept over all sensors: a week of the simulator's board, which takes 1.4 a second, and about 100 MB. */
export const MAX_VALUES = 1_000_000
/** Changes of presence kept over all devices, and of the sensors' states: a change a minute for a week is 10,000. */
export const MAX_CHANGES = 100_000
/** ms a value may wait before it is written: one transaction for many values, and at most so much is lost in a crash. */
export const FLUSH_MS = 250
/** Values that wait at most; then they are written at once. */
export const MAX_PENDING = 500
/** ms between two looks for what is over its time. */
export const SWEEP_MS = 600_000
/** Rows deleted in one go; it takes some 10 ms, in which nobody else gets an answer. */
export const SWEEP_ROWS = 5_000

/** Bytes of a request's body. 100 values of a batch have 6 kB. */
export const MAX_BODY = 16_384
/** Bytes of a request's headers. */
export const MAX_HEADERS = 16_384
/** Connections at once: a dozen browsers with six each, and scripts. */
export const MAX_CONNECTIONS = 128
/** Event streams at once: a browser's tab has two. */
export const MAX_STREAMS = 32
/** ms for a request to arrive whole. */
export const REQUEST_MS = 10_000
/** ms an idle connection is kept open for a next request. */
export const KEEP_ALIVE_MS = 5_000
/** Requests a second from one address: a page at its start makes about 20. */
export const MAX_REQUESTS = 100
/** Requests a second from one address that publish something, for each kind. */
export const MAX_POSTS = 20
/** Attempts a minute from one address to give a token. */
export const MAX_LOGINS = 10
/** Fewest characters of a token. 16 of base64 hold 96 random bits. */
export const MIN_TOKEN = 16
/** Browsers that have given the token, at once; at the bound the oldest has to give it again. */
export const MAX_SESSIONS = 64
/** ms after which a browser has to give the token again. */
export const SESSION_MS = 12 * 3_600_000

/** Bytes that may wait for one client of a stream, beside its overview. One that reads nothing is cut then. */
export const MAX_BEHIND = 1_048_576
/** ms between two comments on an idle stream: proxies cut after 30 to 60 s of silence. */
export const HEARTBEAT_MS = 15_000
/** ms after which EventSource tries again. */
export const RETRY_MS = 1_000
/** Raw messages kept for a view that is opened later. With MAX_SHOWN bytes each, 2 MB. */
export const MAX_RECENT = 500
/** Of these, how many a new view gets at most. */
export const MAX_REPLAY = 100
/** Topics of which the latest raw message is kept: ten for each of 200 nodes. */
export const MAX_LATEST = 2_000
/** Bytes of topics and shown payloads in these. A node's are 100 each; its diagnostics 1 kB. */
export const MAX_LATEST_BYTES = 4_194_304
/** Of these, how many a new view gets at most: as many as the page has rows. */
export const MAX_LATEST_REPLAY = 300
/** Raw messages a second for one client; a person reads fewer. */
export const MAX_MESSAGES = 100
/** Bytes of a raw payload that are shown. */
export const MAX_SHOWN = 4_096

/** Elements of values, of a plot, of a list. */
export const MAX_LIMIT = 5_000
export const DEFAULT_LIMIT = 20
export const MAX_OFFSET = 1_000_000
export const MAX_POINTS = 2_000
export const MIN_POINTS = 10
export const DEFAULT_POINTS = 300
export const MAX_CHANGES_SHOWN = 1_000
/** Live values whose distance makes a sensor's interval. */
export const INTERVAL_VALUES = 17

/** ms to wait for the broker's PUBACK: as long as a node's own round trip may take with room to spare. */
export const PUBLISH_MS = 5_000
/** ms to wait until a message that was acknowledged has come back through the subscription, so that a GET after a POST sees it. */
export const ECHO_MS = 500
/** Messages that wait for their PUBACK at once. */
export const MAX_PUBLISHING = 100
/** ms between two attempts to reach the broker: less than a node's, so that the page is back before its late readings come. */
export const RECONNECT_MS = 500
/** ms between two attempts when the broker has refused: nothing will have changed, and some brokers ban who insists. */
export const REFUSED_MS = 30_000
/** ms for TCP, TLS and CONNACK. */
export const CONNECT_MS = 5_000
/** s of MQTT keep alive: a broker that hangs is noticed within 15 s. */
export const KEEP_ALIVE_S = 10
