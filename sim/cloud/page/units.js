// @ts-check
// Units as Waziup names them, and as a person reads them. Pure.

import { cut } from "./format.js"

/** From Waziup's list of units, those that have a sign of their own. */
const SIGNS = new Map([
    ["DegreeCelsius", "°C"],
    ["DegreeFahrenheit", "°F"],
    ["Kelvin", "K"],
    ["Percent", "%"],
    ["Lux", "lx"],
    ["Pascal", "Pa"],
    ["Hectopascal", "hPa"],
    ["KiloPascal", "kPa"],
    ["Metre", "m"],
    ["Centimetre", "cm"],
    ["Millimetre", "mm"],
    ["Metrepersecond", "m/s"],
    ["KilometerPerHour", "km/h"],
    ["Volt", "V"],
    ["Millivolt", "mV"],
    ["Ampere", "A"],
    ["Milliampere", "mA"],
    ["Watt", "W"],
    ["Hertz", "Hz"],
    ["Litre", "l"],
    ["Gram", "g"],
    ["Kilogram", "kg"],
    ["Decibel", "dB"],
    ["PartsPerMillion", "ppm"],
])

/** Longest unit shown, in characters. */
const MAX_UNIT = 16

/** @param {string | null} unit @returns {string} with the space that stands before it, or nothing */
export function unitText(unit) {
    if (unit === null || unit === "") return ""
    return `\u202f${cut(SIGNS.get(unit) ?? unit, MAX_UNIT)}`
}
