// A tag looked at closely: its words, its weight, what is known of it.
import { clamp, h, say, set } from './dom.js'
import { icon, tool } from './icons.js'
import { range } from './store.js'
import { text } from './text.js'

/** A tag's weight that much heavier or lighter, as far as it may be. */
export function weighed(weight, by) {
	const [low = -Infinity, high = Infinity] = range('weight')
	return Math.round(clamp(weight + by, low, high) * 100) / 100
}

export function openChipCard(desk, one, anchor) {
	document.querySelector('.chip-card')?.remove()
	const words = h('input', { type: 'text', value: one.text, 'aria-label': text.chips.words, id: 'chip-text', autocomplete: 'off' })
	let weight = one.weight
	const shown = h('output.figure')
	const showWeight = () => say(shown, weight.toFixed(2).replace(/0$/, ''))
	const step = (by) => () => {
		weight = weighed(weight, by)
		showWeight()
		desk.decide([{ action: 'weigh', tag: one.tag, weight }])
	}
	const decide = (action) => () => {
		desk.decide([{ action, tag: one.tag }])
		card.hidePopover()
	}
	const card = h(
		'form.chip-card.popover',
		{ popover: 'auto',
			'aria-label': text.chips.card(one.text),
			onsubmit: (event) => {
				event.preventDefault()
				const edited = words.value.trim()
				if (edited && edited !== one.text) desk.decide([{ action: 'edit', tag: one.tag, text: edited }])
				card.hidePopover()
			},
		},
		h('label', { for: 'chip-text' }, text.chips.words),
		h('div.row.tight', words, h('button.button.small.primary', { type: 'submit' }, text.common.save)),
		h(
			'div.row.between',
			h('span', text.chips.weight),
			h(
				'span.stepper',
				tool('minus', text.chips.lighter, step(-0.1)),
				shown,
				tool('plus', text.chips.heavier, step(0.1)),
			),
		),
		h(
			'div.row',
			h('button.button.small', { onclick: decide('approve') }, icon('check'), text.chips.approveWord),
			h('button.button.small', { onclick: decide('reject') }, icon('cross'), text.chips.rejectWord),
			one.state !== 'pending' && h('button.button.small', { onclick: decide('reset') }, text.chips.resetWord),
		),
		h('p.quiet.small', text.chips.facts(one)),
	)
	document.body.append(card)
	card.addEventListener('toggle', (event) => {
		if (event.newState !== 'closed') return
		card.remove()
		anchor.focus({ preventScroll: true })
	})
	showWeight()
	card.showPopover()
	beside(card, anchor)
	set(words, 'size', Math.max(14, one.text.length))
	words.focus()
	words.select()
}

/** Puts what floats under what it belongs to, or above where there is no room. */
export function beside(floating, anchor) {
	const box = anchor.getBoundingClientRect()
	const size = floating.getBoundingClientRect()
	const left = Math.max(8, Math.min(box.left, innerWidth - size.width - 8))
	const below = box.bottom + 6
	const top = below + size.height > innerHeight - 8 ? Math.max(8, box.top - size.height - 6) : below
	floating.style.left = `${left}px`
	floating.style.top = `${top}px`
}
