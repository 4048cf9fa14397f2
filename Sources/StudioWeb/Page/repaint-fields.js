// What belongs to repainting alone: words for the masked part, what the model sees, and how new meets old.
import { h, set } from './dom.js'
import { choiceField, numberField, pixels } from './fields.js'
import { state } from './store.js'
import { text } from './text.js'

export function repaintFields(desk, scope) {
	const words = h('textarea', { id: 'repaint-prompt', class: 'written', rows: 2, placeholder: text.repaint.placeholder, spellcheck: true })
	words.addEventListener('input', () => {
		desk.repaint.prompt = words.value.trim()
		desk.planSoon()
	})
	const padding = numberField(desk, scope, { key: 'padding', label: text.repaint.padding, hint: text.repaint.paddingHint, after: pixels() })
	const node = h(
		'section.repaint',
		{ hidden: true, 'aria-label': text.repaint.title },
		h('h2', h('label', { for: 'repaint-prompt' }, text.repaint.what)),
		words,
		h('p.quiet.small', text.repaint.wordsHint),
		h(
			'div.fields',
			choiceField(desk, scope, { key: 'area', label: text.repaint.area, hint: text.repaint.areaHint, options: state.choices.areas, words: text.repaint.areas }),
			choiceField(desk, scope, { key: 'fill', label: text.repaint.fill, hint: text.repaint.fillHint, options: state.choices.fills, words: text.repaint.fills }),
			numberField(desk, scope, { key: 'feather', label: text.repaint.feather, hint: text.repaint.featherHint, after: pixels() }),
			numberField(desk, scope, { key: 'grow', label: text.repaint.grow, hint: text.repaint.growHint, after: pixels() }),
			padding,
		),
	)
	scope.add(
		desk.on('repaint', () => {
			set(node, 'hidden', !desk.repaint)
			if (desk.repaint && words.value.trim() !== desk.repaint.prompt) words.value = desk.repaint.prompt
		}),
	)
	// Around the whole picture there is nothing to look at.
	const showPadding = () => set(padding, 'hidden', desk.settings.padding === undefined && (desk.settings.area ?? desk.planned?.order.area) !== 'masked')
	scope.add(desk.on('settings', showPadding))
	scope.add(desk.on('plan', showPadding))
	showPadding()
	return node
}
