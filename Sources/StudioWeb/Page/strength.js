// The main slider: how far the new picture may go. A ruler with the range that is advised for the model, and the steps that it will run.
import { fill, h, quietVoice, say, set } from './dom.js'
import { state } from './store.js'
import { text } from './text.js'

export function strengthControl(desk, scope) {
	const key = () => (desk.repaint ? 'repaintStrength' : 'strength')
	const range = h('input', { type: 'range', id: 'strength', min: 0, max: 1, step: 0.01, 'aria-describedby': 'strength-runs strength-word' })
	const number = h('input', { type: 'number', class: 'figure-field', min: 0, max: 1, step: 0.05, 'aria-label': text.strength.number, inputmode: 'decimal' })
	const usual = h('button.text-button.small', { onclick: () => desk.set({ [key()]: undefined }) }, text.settings.usual)
	const ruler = h('div.ruler', { 'aria-hidden': 'true' }, Array.from({ length: 11 }, (_, index) => h('i', { class: index % 5 ? '' : 'long' })))
	const band = h('div.advised', { 'aria-hidden': 'true' }, h('span', text.strength.advised))
	const steps = h('div.steps', { 'aria-hidden': 'true' })
	const runs = h('p.small', { id: 'strength-runs' })
	const voice = quietVoice(scope)
	const word = h('p.quiet.small', { id: 'strength-word' })

	range.addEventListener('input', () => desk.set({ [key()]: Number(range.value) }))
	number.addEventListener('change', () => desk.set({ [key()]: number.value === '' ? undefined : Number(number.value) }))

	/** What is advised for the model that will redraw; under a mask, where something else is wanted, what is usual. */
	function advised() {
		const model = desk.repaint ? undefined : state.models.find((one) => one.name === desk.planned?.order.model)
		return model?.advisedStrength ?? state.choices.advisedStrength
	}

	function show() {
		const [low, high] = advised()
		band.style.left = `${low * 100}%`
		band.style.width = `${(high - low) * 100}%`
		const own = desk.own[key()]
		const value = own ?? desk.planned?.order.strength ?? state.choices.defaultStrength
		if (Number(range.value) !== value) range.value = value
		if (document.activeElement !== number) number.value = value
		range.style.setProperty('--at', value)
		set(range, 'aria-valuetext', text.strength.spoken(value, value >= low && value <= high))
		set(usual, 'hidden', own === undefined)
		say(word, text.strength.word(value))
		const run = desk.planned?.plan.runs[0]
		const words = run ? text.strength.runs(run.run, run.requested, run.firstTimestep, run.trainingSteps) : ' '
		say(runs, words)
		voice.speak(words)
		if (run && run.requested <= 60) {
			if (steps.children.length !== run.requested) fill(steps, Array.from({ length: run.requested }, () => h('i')))
			;[...steps.children].forEach((mark, index) => mark.classList.toggle('runs', index >= run.requested - run.run))
		} else fill(steps)
	}

	scope.add(desk.on('settings', show))
	scope.add(desk.on('plan', show))
	scope.add(desk.on('repaint', show))
	const node = h(
		'section.strength',
		h('div.section-head', h('h2', h('label', { for: 'strength', title: text.strength.hint }, text.strength.title)), usual, number),
		h('div.strength-scale', band, range, ruler),
		h('div.strength-ends.quiet.small', { 'aria-hidden': 'true' }, h('span', text.strength.keeps), h('span', text.strength.ignores)),
		word,
		h('div.runs', steps, runs),
		voice.node,
	)
	show()
	return node
}
