// Sheets that were ordered from this browser: which job is which cell. The pictures themselves are ordinary results.
import { h } from './dom.js'
import { remembered, state } from './store.js'
import { text } from './text.js'

const kept = 12

export const sheetsOf = (picture) => remembered.read(`sheets.${picture ?? 'none'}`, [])

export function keepSheet(picture, sheet) {
	remembered.write(`sheets.${picture ?? 'none'}`, [sheet, ...sheetsOf(picture)].slice(0, kept))
}

/** A table of results: columns run over one parameter, rows over another. */
export function sheetTable(sheet, desk, choose) {
	const cell = (index) => {
		const job = state.jobs.get(sheet.cells[index])
		const generation = desk.results.find((one) => one.id === (sheet.generations?.[index] ?? job?.generation))
		if (job?.generation && sheet.generations?.[index] !== job.generation) remember(sheet, index, job.generation, desk.id)
		if (!generation) return h('td', h('span.quiet.small', job ? text.queue.states[job.state] : text.sheet.gone))
		const output = generation.outputs[0]
		return h(
			'td',
			h(
				'button.result',
				{ 'aria-label': text.results.label(generation, output), 'aria-pressed': String(desk.selected?.generation === generation.id), onclick: () => choose(generation.id, 0) },
				h('img', { src: output.thumbnail, alt: '', width: output.width, height: output.height }),
			),
		)
	}
	const across = sheet.columns.length
	return h(
		'figure.sheet',
		h('figcaption.quiet.small', text.sheet.caption(text.sheet.axes[sheet.x], sheet.y && text.sheet.axes[sheet.y], sheet.seed)),
		h(
			'table',
			h('thead', h('tr', sheet.y && h('th'), sheet.columns.map((value) => h('th', { scope: 'col' }, String(value))))),
			h('tbody', sheet.rows.map((value, row) => h('tr', sheet.y && h('th', { scope: 'row' }, String(value)), sheet.columns.map((_, column) => cell(row * across + column))))),
		),
	)
}

/** The queue forgets what is over; the sheet does not. */
function remember(sheet, index, generation, picture) {
	sheet.generations ??= []
	sheet.generations[index] = generation
	const all = sheetsOf(picture).map((one) => (one.made === sheet.made ? sheet : one))
	remembered.write(`sheets.${picture ?? 'none'}`, all)
}
