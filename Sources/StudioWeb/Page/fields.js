// The fields of the settings: each shows what the server would take, and keeps only what the person said.
import { h, say, set } from './dom.js'
import { range } from './store.js'
import { text } from './text.js'

/** A labelled row; `field` is the wish's key that a refusal names. */
export function row({ label, hint, control, field, after }) {
	const id = control.id || `field-${field}`
	if (!control.id) control.id = id
	return h('div.field', { data: { field } }, h('label', { for: id, title: hint }, label), h('div.field-control', control, after))
}

/** The unit behind a number. */
export const pixels = () => h('span.unit', text.common.pxUnit)

/** What the person said, else what was planned. */
const value = (desk, key) => desk.said(key) ?? desk.planned?.order[key]

export function numberField(desk, scope, { key, label, hint, step = 1, after }) {
	const [min, max] = range(key)
	const control = h('input', { type: 'number', min, max, step, inputmode: step < 1 ? 'decimal' : 'numeric', title: hint })
	// What is half typed stays, whatever plan arrives in between.
	let isTyping = false
	control.addEventListener('input', () => (isTyping = true))
	control.addEventListener('change', () => {
		isTyping = false
		desk.set({ [key]: control.value === '' ? undefined : Number(control.value) })
	})
	const show = () => {
		if (!isTyping) {
			const shown = value(desk, key)
			control.value = shown === undefined || shown === null ? '' : shown
		}
		control.classList.toggle('own', desk.said(key) !== undefined)
	}
	scope.add(desk.on('settings', show))
	scope.add(desk.on('plan', show))
	show()
	return row({ label, hint, control, field: key, after })
}

export function choiceField(desk, scope, { key, label, hint, options, words = {} }) {
	const control = h(
		'select',
		{ title: hint },
		h('option', { value: '' }),
		options.map((option) => h('option', { value: option }, words[option] ?? option)),
	)
	control.addEventListener('change', () => desk.set({ [key]: control.value || undefined }))
	const show = () => {
		const planned = desk.settings[key] === undefined ? desk.planned?.order[key] : null
		say(control.options[0], planned ? text.settings.byItself(words[planned] ?? planned) : text.settings.usualChoice)
		control.value = desk.settings[key] ?? ''
		control.classList.toggle('own', desk.settings[key] !== undefined)
	}
	scope.add(desk.on('settings', show))
	scope.add(desk.on('plan', show))
	show()
	return row({ label, hint, control, field: key })
}

/** Shows beside a field what the server said of it. */
export function showRefusal(node, refusal, words) {
	for (const old of node.querySelectorAll('.field-error')) old.remove()
	for (const old of node.querySelectorAll('[aria-invalid]')) {
		set(old, 'aria-invalid', null)
		set(old, 'aria-errormessage', null)
	}
	if (!refusal?.field) return false
	const field = node.querySelector(`[data-field="${CSS.escape(refusal.field)}"]`)
	if (!field) return false
	const id = `error-${refusal.field}`
	field.append(h('p.field-error', { id }, words))
	const control = field.querySelector('input, select, textarea')
	if (control) {
		set(control, 'aria-invalid', 'true')
		set(control, 'aria-errormessage', id)
	}
	for (let parent = field.parentElement; parent && parent !== node; parent = parent.parentElement) {
		if (parent.tagName === 'DETAILS') parent.open = true
	}
	return true
}
