// The seed: left to chance, thrown anew, or locked.
import { h, set } from './dom.js'
import { row } from './fields.js'
import { face, tool } from './icons.js'
import { notice } from './notices.js'
import { text } from './text.js'
import { anySeed, seedOf } from './wish.js'

export function seedField(desk, scope) {
	const input = h('input', { type: 'text', inputmode: 'numeric', pattern: '[0-9]*', placeholder: text.seed.any, id: 'seed', autocomplete: 'off' })
	const lock = h('button.icon-button.small', { onclick: toggle })
	const dice = tool('dice', text.seed.dice, () => desk.set({ seed: anySeed() }))
	input.addEventListener('change', () => {
		const seed = seedOf(input.value)
		if (seed === null && input.value.trim()) notice(text.seed.wrong(input.value.trim()), { kind: 'bad' })
		desk.set({ seed: seed ?? undefined })
	})

	function toggle() {
		const last = desk.selectedGeneration?.outputs[desk.selected.number]?.seed
		desk.set({ seed: desk.settings.seed === undefined ? (last ?? desk.planned?.order.seed ?? anySeed()) : undefined })
	}

	function show() {
		const locked = desk.settings.seed !== undefined
		if (document.activeElement !== input) input.value = locked ? desk.settings.seed : ''
		const label = locked ? text.seed.unlock : text.seed.lock
		set(lock, 'aria-label', label)
		set(lock, 'title', label)
		set(lock, 'aria-pressed', String(locked))
		face(lock, locked ? 'lock' : 'unlock')
	}

	scope.add(desk.on('settings', show))
	show()
	return row({ label: text.seed.title, hint: text.seed.hint, control: input, field: 'seed', after: [lock, dice] })
}
