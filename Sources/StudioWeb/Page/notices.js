// Short news at the edge of the window, some with a way back.
import { h } from './dom.js'
import { icon, tool } from './icons.js'
import { text } from './text.js'
import { Refusal, Unreachable } from './api.js'

/** Milliseconds for which a notice is new: what one does leads to another place at once, and what is to be said of it is said there. */
const justNow = 1500

/** Tells something for some seconds; with an action it stays longer, and what went wrong until it is closed or the place is left. */
export function notice(words, { action, label, kind } = {}) {
	const holder = document.getElementById('notices')
	// What is said again is not piled up.
	for (const old of [...holder.children]) if (old.firstElementChild.textContent === words) old.remove()
	const close = () => node.remove()
	const node = h(
		'div',
		{ class: `notice ${kind ?? ''}` },
		h('p', words),
		action &&
			h(
				'button.text-button',
				{ onclick: () => {
						close()
						action()
					},
				},
				label,
			),
		tool('cross', text.common.close, close),
	)
	node.dataset.shown = Date.now()
	holder.append(node)
	while (holder.children.length > 3) (holder.querySelector('.notice:not(.bad, :last-child)') ?? holder.firstElementChild).remove()
	if (kind === 'bad') return
	let timer = 0
	const start = () => (timer = setTimeout(close, action ? 12000 : 5000))
	// Whoever reads it, or reaches for its button, is not hurried.
	node.addEventListener('pointerenter', () => clearTimeout(timer))
	node.addEventListener('focusin', () => clearTimeout(timer))
	node.addEventListener('pointerleave', start)
	node.addEventListener('focusout', start)
	start()
}

/** Whoever goes to another place has read what went wrong at the one before; what was said this very moment goes along. */
export function leaveNotices() {
	for (const node of [...document.querySelectorAll('.notice.bad')]) if (Date.now() - node.dataset.shown > justNow) node.remove()
}

/** What went wrong, in words that say what to do. */
export function words(error) {
	if (error instanceof Unreachable) return text.errors.unreachable
	if (error instanceof Refusal) {
		if (error.status === 401) return text.errors.token
		return sentence(error.message)
	}
	console.error(error)
	return text.errors.page(error.message)
}

export const sentence = (words) => {
	// A number keeps its sign of per cent at a line's end.
	const whole = (words.charAt(0).toUpperCase() + words.slice(1)).replace(/(\d) %/g, '$1\u00a0%')
	return /[.!?…]$/.test(whole) ? whole : whole + '.'
}

export function complain(error) {
	if (error?.name === 'AbortError') return
	notice(words(error), { kind: 'bad' })
}

/** Something empty or broken, with what to do about it. */
export function emptyState({ title, body, actions = [], sign }) {
	return h('div.empty', sign && h('div.empty-sign', icon(sign)), h('h2', title), body && h('p', body), actions.length > 0 && h('div.row', actions))
}

