// A sheet as a table of results: columns run over one setting, rows over another.
import { h } from './dom.js'
import { sentence } from './notices.js'
import { state } from './store.js'
import { text } from './text.js'

/**
 * @param choose called with the number of a generation
 * @param more stands beside the caption; without it there is none
 */
export function sheetTable({ axes, cells, damaged }, choose, { selected, more } = {}) {
	const cell = ({ job, generation, thumbnail, state: known }, values) => {
		if (!thumbnail) return h('td', h('span.quiet.small', text.sheet.states[state.jobs.get(job)?.state ?? known]))
		return h(
			'td',
			h(
				'button.result',
				{ tip: values, 'aria-pressed': String(selected === generation), data: { generation }, onclick: () => choose(generation) },
				h('img', { src: thumbnail, alt: '', loading: 'lazy' }),
			),
		)
	}
	// What runs over it cannot be read: the pictures stand in a row.
	if (!axes) return h('figure.sheet', h('figcaption.row.quiet.small', damaged && sentence(damaged), more), h('table', h('tbody', h('tr', cells.map((one) => cell(one, ''))))))
	const across = axes.columns.length
	const rows = axes.y ? axes.rows : [null]
	const named = (axis, value) => `${text.sheet.axis(axis)} ${value}`
	return h(
		'figure.sheet',
		more && h('figcaption.row.quiet.small', text.sheet.caption(axes), more),
		h(
			'table',
			h('thead', h('tr', axes.y && h('td'), axes.columns.map((value) => h('th', { scope: 'col' }, String(value))))),
			h(
				'tbody',
				rows.map((value, row) =>
					h(
						'tr',
						axes.y && h('th', { scope: 'row' }, String(value)),
						axes.columns.map((column, index) => cell(cells[row * across + index], [named(axes.x, column), axes.y && named(axes.y, value)].filter(Boolean).join(', '))),
					),
				),
			),
		),
	)
}
