// Dialogs: the browser's own, which keep the focus inside and give it back.
import { h } from './dom.js'
import { icon, tool } from './icons.js'
import { text } from './text.js'

/** Opens a dialog; `build(close)` gives what stands in it. Resolves with what it was closed with, undefined where it was dismissed. */
export function dialog({ title, build, wide = false, side = false }) {
	return new Promise((resolve) => {
		let answer
		const close = (value) => {
			answer = value
			node.close()
		}
		const node = h(
			'dialog',
			{ class: `dialog${wide ? ' wide' : ''}${side ? ' side' : ''}`, 'aria-label': title },
			h('div.dialog-head', h('h2', title), tool('cross', text.common.close, () => close(), { class: 'icon-button' })),
			h('div.dialog-body', build(close)),
		)
		const leave = () => close()
		node.addEventListener('close', () => {
			removeEventListener('hashchange', leave)
			node.remove()
			resolve(answer)
		})
		// It belongs to the view it was opened in.
		addEventListener('hashchange', leave)
		// Beside it both times: words are marked with the mouse beyond its edge, too.
		let pressed = null
		node.addEventListener('pointerdown', (event) => (pressed = event.target))
		node.addEventListener('click', (event) => {
			if (event.target === node && pressed === node) close()
		})
		document.body.append(node)
		node.showModal()
		// Whoever opened it wants to say something, or to look; not to close it again.
		node.querySelector('.dialog-body :is(input, textarea, select, .row.end .button)')?.focus()
	})
}

export function confirmed({ title, body, yes, no = text.common.cancel, danger = false }) {
	return dialog({
		title,
		build: (close) => [
			h('p', body),
			h(
				'div.row.end',
				h('button.button', { onclick: () => close(false) }, no),
				h('button', { class: `button ${danger ? 'danger' : 'primary'}`, onclick: () => close(true) }, yes),
			),
		],
	}).then((answer) => answer === true)
}

/** A small menu under a button; each entry `{ label, icon, run, danger }`. */
export function menuButton({ label, sign = 'more', entries, className = 'icon-button' }) {
	const button = h('button', { class: className, 'aria-haspopup': 'menu', 'aria-expanded': 'false', tip: label }, icon(sign))
	let menu = null
	const close = (focus) => {
		menu?.remove()
		menu = null
		button.setAttribute('aria-expanded', 'false')
		document.removeEventListener('pointerdown', outside, true)
		if (focus) button.focus()
	}
	const outside = (event) => {
		if (!menu?.contains(event.target) && !button.contains(event.target)) close(false)
	}
	button.addEventListener('click', () => {
		if (menu) return close(true)
		menu = h(
			'div.menu',
			{ role: 'menu' },
			entries().map((entry) =>
				h(
					'button',
					{
						role: 'menuitem',
						class: entry.danger ? 'danger' : '',
						onclick: () => {
							close(true)
							entry.run()
						},
					},
					icon(entry.icon),
					entry.label,
				),
			),
		)
		menu.addEventListener('keydown', (event) => {
			const items = [...menu.children]
			const at = items.indexOf(document.activeElement)
			if (event.key === 'Escape') close(true)
			else if (event.key === 'ArrowDown') items[(at + 1) % items.length].focus()
			else if (event.key === 'ArrowUp') items[(at + items.length - 1) % items.length].focus()
			else if (event.key === 'Tab') close(false)
			else return
			event.stopPropagation()
			if (event.key !== 'Tab') event.preventDefault()
		})
		const box = button.getBoundingClientRect()
		document.body.append(menu)
		const size = menu.getBoundingClientRect()
		const left = Math.max(8, Math.min(box.right - size.width, innerWidth - size.width - 8))
		const top = box.bottom + 4 + size.height > innerHeight ? Math.max(8, box.top - size.height - 4) : box.bottom + 4
		menu.style.left = `${left}px`
		menu.style.top = `${top}px`
		button.setAttribute('aria-expanded', 'true')
		document.addEventListener('pointerdown', outside, true)
		menu.firstElementChild?.focus()
	})
	return button
}
