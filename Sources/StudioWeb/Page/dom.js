// Elements, and what listens to them for as long as a view stands.

const svgSpace = 'http://www.w3.org/2000/svg'

/**
 * An element: `h('button.quiet', { onclick: f, tip: words }, 'text', child)`. What stands after the points are classes; children that are
 * null, undefined or false are left out; a button submits nothing unless it says so.
 */
export function h(description, properties, ...children) {
	const [tag, ...classes] = description.split('.')
	const element = document.createElement(tag)
	if (classes.length) element.className = classes.join(' ')
	if (tag === 'button') element.type = 'button'
	if (properties?.constructor === Object) for (const [name, value] of Object.entries(properties)) set(element, name, value)
	else children.unshift(properties)
	append(element, children)
	return element
}

function append(element, children) {
	for (const child of children.flat(Infinity)) {
		if (child !== null && child !== undefined && child !== false) element.append(child)
	}
}

/** Sets one property as `h` does; undefined, null and false take an attribute away. */
export function set(element, name, value) {
	if (name.startsWith('on')) element.addEventListener(name.slice(2), value)
	else if (name === 'class') element.className = value
	else if (name === 'tip') for (const attribute of ['aria-label', 'title']) element.setAttribute(attribute, value)
	else if (name === 'style') for (const [key, text] of Object.entries(value)) element.style.setProperty(key, text)
	else if (name === 'data') for (const [key, text] of Object.entries(value)) element.dataset[key] = text
	else if (name === 'value' || name === 'checked' || name === 'indeterminate') element[name] = value
	else if (value === true) element.setAttribute(name, '')
	else if (value === false || value === null || value === undefined) element.removeAttribute(name)
	else element.setAttribute(name, value)
}

/** Takes the children of an element away and puts these in. */
export function fill(element, ...children) {
	element.replaceChildren()
	append(element, children)
	return element
}

/** Changes a text only where it differs, so that a live region is not read again. */
export function say(element, text) {
	if (element.textContent !== text) element.textContent = text
}

export function svg(tag, attributes, ...children) {
	const element = document.createElementNS(svgSpace, tag)
	for (const [name, value] of Object.entries(attributes ?? {})) element.setAttribute(name, value)
	element.append(...children)
	return element
}

/** What a view listens to; all of it ends with the view. */
export class Scope {
	#ends = []

	listen(target, type, listener, options) {
		target.addEventListener(type, listener, options)
		this.#ends.push(() => target.removeEventListener(type, listener, options))
	}

	add(end) {
		this.#ends.push(end)
	}

	end() {
		for (const end of this.#ends.splice(0)) end()
	}
}

/** Calls once, some time after the last wish for it. */
export function later(milliseconds, call) {
	let timer = 0
	const start = (...values) => {
		clearTimeout(timer)
		timer = setTimeout(() => {
			timer = 0
			call(...values)
		}, milliseconds)
	}
	start.cancel = () => clearTimeout(timer)
	return start
}

/** Speaks to whoever hears the page, once what changes with every movement of a slider has come to rest. */
export function quietVoice(scope) {
	const node = h('p.visually-hidden', { role: 'status' })
	const speak = later(900, (words) => say(node, words))
	scope.add(speak.cancel)
	return { node, speak }
}

/** Calls at most once a frame. */
export function eachFrame(call) {
	let asked = 0
	return () => {
		asked ||= requestAnimationFrame(() => {
			asked = 0
			call()
		})
	}
}

export const clamp = (value, low, high) => Math.min(Math.max(value, low), high)
