// Sheets that were ordered from this browser: which job is which cell. The pictures themselves are ordinary results.
import * as api from './api.js'
import { h } from './dom.js'
import { remembered, state } from './store.js'
import { text } from './text.js'

const kept = 12

/** @param key of the desk that they belong to */
export const sheetsOf = (key) => remembered.read(`sheets.${key}`, [])

export function keepSheet(key, sheet) {
	remembered.write(`sheets.${key}`, [sheet, ...sheetsOf(key)].slice(0, kept))
}

/** A table of results: columns run over one parameter, rows over another. */
export function sheetTable(sheet, desk, choose) {
	const cell = (index) => {
		const { id, created } = sheet.cells[index]
		// In another library the same number is another job.
		const job = state.jobs.get(id)?.created === created ? state.jobs.get(id) : null
		const known = sheet.made[index]
		const generation = desk.results.find((one) => (known ? one.id === known.id && one.outputs[0]?.sha256 === known.sha256 : one.id === job?.generation))
		if (generation && !known) remember(sheet, index, generation, desk.key)
		if (!generation) return h('td', h('span.quiet.small', job ? text.queue.states[job.state] : text.sheet.gone))
		const output = generation.outputs[0]
		return h(
			'td',
			h(
				'button.result',
				{ 'aria-label': text.results.label(generation, output), 'aria-pressed': String(desk.selected?.generation === generation.id), onclick: () => choose(generation.id, 0) },
				h('img', { src: api.outputAddress(output, 'thumbnail'), alt: '', width: output.width, height: output.height }),
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
function remember(sheet, index, generation, key) {
	sheet.made[index] = { id: generation.id, sha256: generation.outputs[0]?.sha256 }
	const all = sheetsOf(key).map((one) => (one.ordered === sheet.ordered ? sheet : one))
	remembered.write(`sheets.${key}`, all)
}
