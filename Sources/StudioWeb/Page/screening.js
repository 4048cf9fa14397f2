// What was seen, and what the person says to it.
import * as api from './api.js'
import { addTag } from './add-tag.js'
import { chipBoard } from './chips.js'
import { fill, h, say, set } from './dom.js'
import { icon } from './icons.js'
import { complain } from './notices.js'
import { recoveredCard } from './recovered.js'
import { on, remembered, state } from './store.js'
import { text } from './text.js'

export function screeningPanel(desk, scope) {
	const board = chipBoard(desk, scope)
	const recovered = h('div')
	const progress = h('div.analysis-state', { role: 'status' })
	const counts = h('p.counts', { role: 'status' })
	const hidden = h('details.hidden-tags')
	const footing = h('p.quiet.small')
	const bulk = bulkApproval(desk)
	const undo = h('button.text-button', { id: 'undo', onclick: () => desk.undo(), title: text.screening.undoHint }, icon('undo'), text.common.undo)

	const showAll = () => {
		const { picture } = desk
		const busy = picture.analysis === 'running' || picture.analysis === 'waiting'
		fill(
			progress,
			busy && [h('span.spinner'), h('span', text.screening.busy(picture.analysis, state.status.analysis))],
			picture.analysis === 'failed' && [
				h('p.bad', text.screening.failed(picture.message)),
				h('button.button', { onclick: () => api.analyze(desk.id).catch(complain) }, text.common.tryAgain),
			],
			picture.analysis === 'none' && [
				h('p', text.screening.none),
				h('button.button.primary', { onclick: () => api.analyze(desk.id).catch(complain) }, text.screening.look),
			],
		)
		fill(recovered, picture.recovered && recoveredCard(desk))
		set(bulk.node, 'hidden', picture.suggestions.length === 0)
		const dropped = picture.dropped ?? []
		set(hidden, 'hidden', dropped.length === 0)
		fill(
			hidden,
			h('summary', text.screening.hidden(dropped.length)),
			h(
				'ul',
				dropped.map((one) =>
					h(
						'li',
						h('span.hidden-tag', one.tag),
						h('span.quiet', `${Math.round(one.confidence * 100)} % · ${one.reason}`),
						h(
							'button.icon-button.small',
							{ 'aria-label': text.screening.addHidden(one.tag),
								title: text.screening.addHidden(one.tag),
								onclick: () => desk.decide([{ action: 'add', tag: one.tag, facet: one.facet }]),
							},
							icon('plus'),
						),
					),
				),
			),
		)
		say(footing, picture.encoder ? text.screening.footing(picture.encoder.name, picture.confidence) : '')
		showCounts()
	}
	const showCounts = () => {
		const tally = { approved: 0, rejected: 0, pending: 0 }
		for (const one of desk.picture.suggestions) tally[one.state] += 1
		say(counts, desk.picture.suggestions.length ? text.screening.counts(tally) : '')
		bulk.show()
	}

	scope.add(desk.on('picture', showAll))
	scope.add(desk.on('analysis', showAll))
	scope.add(desk.on('suggestions', showCounts))
	scope.add(on('analysis', () => {
		const words = progress.querySelector('.spinner + span')
		if (words) say(words, text.screening.busy(desk.picture.analysis, state.status.analysis))
	}))
	showAll()
	return {
		node: h(
			'div.screening-body',
			recovered,
			h('div.section-head', h('h2', text.screening.title), undo),
			counts,
			progress,
			bulk.node,
			addTag(desk, scope),
			board,
			hidden,
			footing,
		),
	}
}

/** "Approve all from 50 % on", with how many that are. */
function bulkApproval(desk) {
	const range = h('input', { type: 'range', min: 5, max: 95, step: 5, value: remembered.read('above', 50), 'aria-label': text.screening.aboveLabel })
	const button = h('button.button.small', { id: 'approve-above', onclick: () => desk.approveAbove(Number(range.value) / 100) })
	const show = () => {
		const count = desk.picture.suggestions.filter((one) => one.state === 'pending' && one.inBulk && one.confidence * 100 >= Number(range.value)).length
		say(button, text.screening.approveAbove(Number(range.value), count))
		set(button, 'disabled', count === 0)
		set(range, 'aria-valuetext', `${range.value} %`)
	}
	range.addEventListener('input', () => {
		remembered.write('above', Number(range.value))
		show()
	})
	return { node: h('div.bulk', range, button), show }
}
