// What will be made: prompt, strength, model, size, and everything a person may want to turn. At the foot what it costs, and the button.
import { fill, h, quietVoice, say, set } from './dom.js'
import { choiceField, numberField, pixels, showRefusal } from './fields.js'
import { face, tool } from './icons.js'
import { modelField } from './model.js'
import { complain, sentence, words } from './notices.js'
import { presetMenu } from './presets.js'
import { promptPanel } from './prompt.js'
import { repaintFields } from './repaint-fields.js'
import { seedField } from './seed.js'
import { sheetDialog } from './sheet-order.js'
import { sizeField } from './size.js'
import { on, remembered, state } from './store.js'
import { strengthControl } from './strength.js'
import { text } from './text.js'
import { mayHaveDrafts } from './wish.js'

export function settingsPanel(desk, scope) {
	const { choices } = state
	const start = h('button.button.primary.start', { id: 'start', onclick: order })
	const sheet = tool('sheet', text.sheet.open, () => sheetDialog(desk), { class: 'icon-button' })
	const cost = h('p.cost')
	const voice = quietVoice(scope)
	const drafts = numberField(desk, scope, { key: 'drafts', label: text.settings.drafts, hint: text.settings.draftsHint })
	const more = h('details.more', { open: remembered.read('more', false) })
	more.addEventListener('toggle', () => remembered.write('more', more.open))
	fill(
		more,
		h('summary', text.settings.more),
		h(
			'div.fields',
			numberField(desk, scope, { key: 'steps', label: text.settings.steps, hint: text.settings.stepsHint }),
			numberField(desk, scope, { key: 'guidance', label: text.settings.guidance, hint: text.settings.guidanceHint, step: 0.5 }),
			numberField(desk, scope, { key: 'guidanceUntil', label: text.settings.guidanceUntil, hint: text.settings.guidanceUntilHint, step: 0.05 }),
			numberField(desk, scope, { key: 'reuseEvery', label: text.settings.reuseEvery, hint: text.settings.reuseEveryHint }),
			numberField(desk, scope, { key: 'variationStrength', label: text.settings.variationStrength, hint: text.settings.variationStrengthHint, step: 0.05 }),
			numberField(desk, scope, { key: 'mergeTokens', label: text.settings.mergeTokens, hint: text.settings.mergeTokensHint, step: 0.05 }),
			choiceField(desk, scope, { key: 'sampler', label: text.settings.sampler, hint: text.settings.samplerHint, options: choices.samplers }),
			choiceField(desk, scope, { key: 'spacing', label: text.settings.spacing, hint: text.settings.spacingHint, options: choices.spacings, words: text.settings.spacings }),
			numberField(desk, scope, { key: 'eta', label: text.settings.eta, hint: text.settings.etaHint, step: 0.05 }),
			choiceField(desk, scope, { key: 'autoencoder', label: text.settings.autoencoder, hint: text.settings.autoencoderHint, options: choices.autoencoders, words: text.settings.autoencoders }),
			choiceField(desk, scope, { key: 'profile', label: text.settings.profile, hint: text.settings.profileHint, options: choices.profiles, words: text.settings.profiles }),
			choiceField(desk, scope, { key: 'precision', label: text.settings.precision, hint: text.settings.precisionHint, options: choices.precisions, words: text.settings.precisions }),
			desk.id !== null && choiceField(desk, scope, { key: 'resize', label: text.settings.resize, hint: text.settings.resizeHint, options: choices.resizes, words: text.settings.resizes }),
			desk.id !== null && choiceField(desk, scope, { key: 'outputSize', label: text.settings.outputSize, options: choices.outputSizes, words: text.settings.outputSizes }),
			numberField(desk, scope, { key: 'clipSkip', label: text.settings.clipSkip, hint: text.settings.clipSkipHint }),
			numberField(desk, scope, { key: 'firstSide', label: text.settings.firstSide, hint: text.settings.firstSideHint, step: 8, after: pixels() }),
			numberField(desk, scope, { key: 'refine', label: text.settings.refine, hint: text.settings.refineHint, step: 0.05 }),
			drafts,
			choices.engines.length > 1 && choiceField(desk, scope, { key: 'engine', label: text.settings.engine, options: choices.engines }),
		),
	)
	const body = h(
		'div.settings-body',
		repaintFields(desk, scope),
		promptPanel(desk, scope),
		desk.id !== null && strengthControl(desk, scope),
		h(
			'section.essentials',
			modelField(desk, scope),
			sizeField(desk, scope),
			h('div.fields', numberField(desk, scope, { key: 'count', label: text.settings.count }), seedField(desk, scope)),
		),
		more,
	)
	const node = h(
		'section.panel.settings',
		{ 'aria-label': text.desk.panels.settings },
		body,
		h('div.settings-foot', cost, voice.node, h('div.row', presetMenu(desk), sheet, start)),
	)

	let ordering = false

	function show() {
		const { refusal, planned } = desk
		const repainting = desk.repaint
		const count = desk.settings.count ?? planned?.order.count ?? 1
		const empty = repainting && !repainting.id
		set(drafts, 'hidden', !mayHaveDrafts(desk))
		face(start, repainting ? 'brush' : 'again', desk.id === null ? text.settings.paint(count) : repainting ? text.settings.repaint(count) : text.settings.redraw(count))
		set(start, 'disabled', ordering || Boolean(refusal) || Boolean(empty) || !desk.hasWords || !planned)
		const reason = refusal ? words(refusal) : ''
		const beside = showRefusal(node, refusal, reason)
		cost.classList.toggle('bad', Boolean(refusal))
		if (empty) say(cost, text.settings.emptyMask)
		else if (!desk.hasWords && !refusal) say(cost, desk.id === null ? text.settings.noWords : text.settings.nothingApproved)
		else if (refusal) say(cost, beside ? text.settings.lookAbove : reason)
		else if (planned) say(cost, text.settings.cost(planned.plan, planned.plan.notes.map(sentence)))
		voice.speak(cost.textContent)
	}

	async function order() {
		if (ordering) return
		ordering = true
		show()
		try {
			await desk.order()
		} catch (error) {
			complain(error)
		}
		ordering = false
		show()
	}

	scope.listen(document, 'keydown', (event) => {
		if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey) || document.querySelector('dialog[open]')) return
		event.preventDefault()
		// What is typed into a field counts, though the hand has not left it.
		const field = event.target
		if (field.matches?.('input')) {
			field.blur()
			field.focus({ preventScroll: true })
		}
		if (!start.disabled) order()
	})
	scope.add(desk.on('plan', show))
	scope.add(desk.on('repaint', show))
	scope.add(desk.on('settings', show))
	scope.add(desk.on('prompt', show))
	scope.add(on('reload', () => desk.planSoon()))
	show()
	return { node }
}
