// The prompt as it stands: composed of what is approved, in one of its forms, or written by hand; with its length for the model.
import { h, later, say, set } from './dom.js'
import { tool } from './icons.js'
import { notice } from './notices.js'
import { text } from './text.js'

export function promptPanel(desk, scope) {
	const hasPicture = desk.id !== null
	const forms = h(
		'div.segments.small.forms',
		{ role: 'group', 'aria-label': text.prompt.forms, hidden: !hasPicture },
		['phrase', 'tags', 'sentence', 'own'].map((form) =>
			h('button', { data: { form }, onclick: () => change(form) }, text.prompt.form[form]),
		),
	)
	const area = h('textarea', { id: 'prompt', rows: 4, class: 'written', 'aria-label': text.prompt.title, placeholder: hasPicture ? text.prompt.nothing : text.prompt.paint, spellcheck: true })
	const length = h('span.quiet.small', { 'aria-live': 'off' })
	const meter = h('span.meter')
	const copy = tool('paste', text.prompt.copy, copyText)
	const negative = h('textarea', { id: 'negative', rows: 2, class: 'written small', 'aria-label': text.prompt.negative, spellcheck: true })
	const standard = h('button.text-button', { hidden: true, onclick: () => desk.setPrompt({ negative: null }) }, text.prompt.standard)

	function change(form) {
		if (desk.isTyping) desk.writePrompt()
		if (form === 'own' && desk.prompt.form !== 'own') return desk.setPrompt({ form, text: desk.ownWords || desk.promptText })
		desk.setPrompt({ form })
	}

	async function copyText() {
		try {
			await navigator.clipboard.writeText(desk.promptText)
			notice(text.prompt.copied)
		} catch {
			area.select()
			notice(text.prompt.copyByHand)
		}
	}

	// Kept as a version of the picture's prompt once the hands rest.
	const keep = later(900, () => desk.writePrompt())
	scope.listen(area, 'input', () => {
		desk.typePrompt({ form: 'own', text: area.value })
		keep()
	})
	scope.listen(negative, 'input', () => {
		desk.typePrompt({ negative: negative.value })
		keep()
	})

	function show() {
		const { form } = desk.prompt
		for (const button of forms.children) set(button, 'aria-pressed', String(button.dataset.form === form))
		if (area.value !== desk.promptText) area.value = desk.promptText
		if (document.activeElement !== negative && negative.value !== desk.negativeText) negative.value = desk.negativeText
		set(standard, 'hidden', desk.prompt.negative === null || desk.id === null)
		showLength()
	}

	function showLength() {
		const composed = desk.picture?.compose
		const planned = desk.repaint?.prompt ? null : desk.planned?.plan.prompt
		let tokens = desk.prompt.form !== 'own' && composed ? composed.tokens[desk.prompt.form] : planned?.tokens
		if (!desk.promptText.trim()) tokens = 0
		const limit = planned?.limit ?? composed?.limit
		const chunks = planned?.chunks ?? 1
		const model = desk.planned?.order.model ?? composed?.model ?? ''
		say(length, tokens === undefined || tokens === null ? ' ' : text.prompt.length(tokens, limit, chunks, model))
		meter.style.setProperty('--share', limit ? Math.min(1, (tokens ?? 0) / limit) : 0)
		meter.classList.toggle('over', Boolean(limit && tokens > limit))
	}

	scope.add(desk.on('prompt', show))
	scope.add(desk.on('picture', show))
	scope.add(desk.on('plan', showLength))
	show()
	return h(
		'section.prompt',
		{ 'aria-label': text.prompt.title },
		h('div.section-head', h('h2', text.prompt.title), forms),
		h('div.prompt-field', area, h('div.prompt-foot', meter, length, copy)),
		h('details.negative', h('summary', text.prompt.negative), negative, standard),
	)
}
