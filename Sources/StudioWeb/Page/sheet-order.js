// Orders a sheet: one seed, and every value of one parameter against every value of another. A strip of strengths is the smallest one.
import * as api from './api.js'
import { axes, values } from './axes.js'
import { h, say, set } from './dom.js'
import { dialog } from './dialog.js'
import { complain, notice } from './notices.js'
import { keepSheet } from './sheets.js'
import { text } from './text.js'
import { anySeed, wishOf } from './wish.js'

const most = 64

export async function sheetDialog(desk) {
	const names = Object.keys(axes).filter((name) => desk.id !== null || !axes[name].needsPicture)
	const axis = (id, chosen) => {
		const select = h('select', { id: `sheet-${id}`, 'aria-label': text.sheet[id] }, id === 'y' && h('option', { value: '' }, text.sheet.oneRow), names.map((name) => h('option', { value: name, selected: name === chosen }, text.sheet.axes[name])))
		const input = h('input', { type: 'text', id: `sheet-${id}-values`, 'aria-label': text.sheet.values, value: chosen ? axes[chosen].example : '', autocomplete: 'off' })
		select.addEventListener('change', () => {
			input.value = select.value ? axes[select.value].example : ''
			show()
		})
		input.addEventListener('input', show)
		return { select, input }
	}
	const x = axis('x', names[0])
	const y = axis('y', '')
	const tally = h('p.figure', { role: 'status' })
	const start = h('button.button.primary', { id: 'sheet-start' }, text.sheet.start)

	function read() {
		const columns = values(x.select.value, x.input.value)
		const rows = y.select.value ? values(y.select.value, y.input.value) : [null]
		if (!columns.length || !rows.length) throw new Error(text.sheet.noValues)
		if (x.select.value === y.select.value) throw new Error(text.sheet.twice)
		if (columns.length * rows.length > most) throw new Error(text.sheet.tooMany(most))
		return { columns, rows }
	}

	function show() {
		set(y.input, 'hidden', !y.select.value)
		try {
			const { columns, rows } = read()
			const time = desk.planned?.plan.seconds ?? null
			const each = time === null ? null : time / (desk.planned.order.count || 1)
			say(tally, text.sheet.tally(columns.length * rows.length, each === null ? null : each * columns.length * rows.length))
			set(start, 'disabled', false)
		} catch (error) {
			say(tally, error.message)
			set(start, 'disabled', true)
		}
	}

	const answer = await dialog({
		title: text.sheet.title,
		build: (close) => {
			start.addEventListener('click', () => close(read()))
			show()
			return [
				h('p.quiet', text.sheet.body),
				h('div.sheet-axis', h('label', { for: 'sheet-x' }, text.sheet.x), x.select, x.input),
				h('div.sheet-axis', h('label', { for: 'sheet-y' }, text.sheet.y), y.select, y.input),
				h('div.row.between', tally, start),
			]
		},
	})
	if (answer) await order(desk, { x: x.select.value, y: y.select.value || null, ...answer }).catch(complain)
}

async function order(desk, { x, y, columns, rows }) {
	await desk.repaint?.flush()
	const base = { ...wishOf(desk), count: 1 }
	if (x !== 'seed' && y !== 'seed') base.seed ??= anySeed()
	const cells = []
	for (const row of rows) {
		for (const column of columns) {
			const wish = { ...base, [x]: column, ...(y ? { [y]: row } : {}) }
			const job = await api.order(wish)
			cells.push({ id: job.id, created: job.created })
			if (cells.length === 1) {
				desk.watched = job.id
				desk.tell('watched')
			}
		}
	}
	keepSheet(desk.key, { x, y, columns, rows, cells, made: [], seed: base.seed ?? null, ordered: Date.now() })
	notice(text.sheet.ordered(cells.length))
	desk.tell('results')
}

