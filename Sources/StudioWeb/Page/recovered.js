// The prompt that stands in the picture's own file: somebody's words, no guess. It comes first.
import * as api from './api.js'
import { h } from './dom.js'
import { icon } from './icons.js'
import { complain, notice } from './notices.js'
import { text } from './text.js'

export function recoveredCard(desk) {
	const found = desk.picture.recovered
	const facts = [
		found.model,
		found.width && found.height && `${found.width} × ${found.height}`,
		found.steps && text.recovered.steps(found.steps),
		found.sampler,
		found.guidance && text.recovered.guidance(found.guidance),
		found.seed !== null && found.seed !== undefined && text.recovered.seed(found.seed),
	].filter(Boolean)
	return h(
		'section.recovered',
		{ 'aria-label': text.recovered.title },
		h('h2', text.recovered.title),
		h('p.quiet.small', text.recovered.place(text.recovered.tools[found.tool] ?? found.tool, found.place)),
		h('p.written', found.positive),
		found.negative && h('p.quiet.small', text.recovered.negative(found.negative)),
		facts.length > 0 && h('p.quiet.small', facts.join(' · ')),
		h(
			'div.row',
			h('button.button.small.primary', { id: 'use-recovered', onclick: () => use(desk) }, icon('check'), text.recovered.use),
			found.seed !== null &&
				found.seed !== undefined &&
				h('button.button.small', { onclick: () => desk.set({ seed: found.seed }) }, text.recovered.useSeed),
		),
	)
}

async function use(desk) {
	try {
		const version = await api.useRecovered(desk.id)
		desk.picture.prompts.push(version)
		desk.setPrompt({ form: 'own', text: version.positive, negative: version.negative })
		notice(text.recovered.used)
	} catch (error) {
		complain(error)
	}
}
