// @ts-check
// Makes and changes elements. Text goes in as text only: nothing here, and nothing that uses it, parses markup, so a
// sensor's name or value can be anything. Knows nothing of devices.

const SVG = "http://www.w3.org/2000/svg"

/**
 * @typedef {Element | string | undefined} Child
 * @typedef {Record<string, string | number | boolean | undefined>} Attributes undefined and false leave one out
 */

/**
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} name
 * @param {Attributes} [attributes]
 * @param {...Child} children strings become text
 * @returns {HTMLElementTagNameMap[K]}
 */
export function html(name, attributes = {}, ...children) {
    const element = document.createElement(name)
    fill(element, attributes, children)
    return element
}

/**
 * @template {keyof SVGElementTagNameMap} K
 * @param {K} name
 * @param {Attributes} [attributes]
 * @param {...Child} children
 * @returns {SVGElementTagNameMap[K]}
 */
export function svg(name, attributes = {}, ...children) {
    const element = document.createElementNS(SVG, name)
    fill(element, attributes, children)
    return element
}

/** @param {Element} element @param {Attributes} attributes @param {Child[]} children */
function fill(element, attributes, children) {
    for (const [name, value] of Object.entries(attributes)) {
        set(element, name, value)
    }
    for (const child of children) if (child !== undefined) element.append(child)
}

/**
 * Sets an attribute, or takes it away, where that changes anything.
 * @param {Element} element @param {string} name @param {string | number | boolean | undefined} value
 */
export function set(element, name, value) {
    if (value === undefined || value === false) {
        if (element.hasAttribute(name)) element.removeAttribute(name)
        return
    }
    const text = value === true ? "" : String(value)
    if (element.getAttribute(name) !== text) element.setAttribute(name, text)
}

/** Writes text where it differs: an unchanged node keeps selection and says nothing to a screen reader. @param {Element} element @param {string} text */
export function say(element, text) {
    if (element.textContent !== text) element.textContent = text
}

/** @template {Element} T @param {string} id @param {new () => T} type @returns {T} an element that index.html has */
export function byId(id, type) {
    const element = document.getElementById(id)
    if (!(element instanceof type)) throw new Error(`index.html has no ${id}`)
    return element
}

let ids = 0

/** @param {string} prefix @returns {string} an id nobody else on the page has, never made of a name from outside */
export function freshId(prefix) {
    ids++
    return `${prefix}-${ids}`
}
