// The settings that one physical board may be given, each written once: its key, and what a key and a value may take.
// Pure. What a person may write for each is checked on the computer, in sim/boards/settings-file.ts.

/** Keys of settings, at most 13 characters. All are optional. */
export const enum Setting {
    DeviceId = "DEVICE_ID",
    /** Ids to use by ids of the board file, `{"TC":"T1"}`; a settings file says `TC:T1`. */
    SensorIds = "SENSOR_IDS",
    Host = "MQTT_HOST",
    Port = "MQTT_PORT",
    User = "MQTT_USER",
    Password = "MQTT_PASS",
    /** `tcp` or `tls`. */
    Proto = "MQTT_PROTO",
    /** WIFI_SSID and WIFI_PWD of a settings file. The platform's tools leave those two out of an image, so they have other names there. */
    Ssid = "NET_SSID",
    WifiPassword = "NET_PWD",
    /** Written by the node itself, with a sensor's number behind it: see src/node/commands.ts. */
    Interval = "INTERVAL_",
    /** Written by the node itself: see src/node/boots.ts. */
    Boots = "BOOTS",
}

/** Longest key in characters: the platform's readSetting refuses more. */
export const MAX_KEY = 13

/** Bytes of a key, a byte that ends it, and a value as JSON: the service never answers for more. */
export const MAX_SETTING = 232
