// The fault table.
import { BROKER_FAULTS } from "./broker-rows"
import { LINK_FAULTS, SENSOR_FAULTS } from "./link-rows"

export const FAULTS = [...LINK_FAULTS, ...BROKER_FAULTS, ...SENSOR_FAULTS]
