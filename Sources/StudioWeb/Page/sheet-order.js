// Orders a sheet: one seed, and every value of one setting against every value of another. A strip of strengths is the smallest one.
import * as api from './api.js'
import { examples, values } from './axes.js'
import { h, say, set } from './dom.js'
import { dialog } from './dialog.js'
import { notice, words } from './notices.js'
import { state } from './store.js'
import { text } from './text.js'
import { wishOf } from './wish.js'

/** What means nothing without a picture, and without a mask. */
const ofPictures = ['strength', 'resize', 'outputSize']
const ofMasks = ['fill', 'area', 'padding', 'feather', 'grow', 'invert']

export async function sheetDialog(desk) {
	const names = state.choices.sheetAxes.filter((name) => (desk.id !== null || !ofPictures.includes(name)) && (desk.repaint || !ofMasks.includes(name)))
	const axis = (id, chosen) => {
		const select = h('select', { id: `sheet-${id}`, 'aria-label': text.sheet[id] }, id === 'y' && h('option', { value: '' }, text.sheet.oneRow), names.map((name) => h('option', { value: name, selected: name === chosen }, text.sheet.axis(name))))
		const input = h('input', { type: 'text', id: `sheet-${id}-values`, 'aria-label': text.sheet.values, value: examples[chosen] ?? '', autocomplete: 'off' })
		select.addEventListener('change', () => {
			input.value = examples[select.value] ?? ''
			show()
		})
		input.addEventListener('input', show)
		return { select, input }
	}
	const x = axis('x', desk.id === null ? 'guidance' : 'strength')
	const y = axis('y', '')
	const tally = h('p.figure', { role: 'status' })
	const start = h('button.button.primary', { id: 'sheet-start' }, text.sheet.start)

	function read() {
		const columns = values(x.select.value, x.input.value)
		const rows = y.select.value ? values(y.select.value, y.input.value) : null
		return { x: x.select.value, columns, y: y.select.value || null, rows, count: columns.length * (rows?.length ?? 1) }
	}

	function show(refusal) {
		set(y.input, 'hidden', !y.select.value)
		const { count } = read()
		const plan = desk.planned?.plan
		const each = plan && plan.seconds !== null ? plan.seconds / (desk.planned.order.count || 1) : null
		tally.classList.toggle('bad', refusal instanceof Error)
		say(tally, refusal instanceof Error ? words(refusal) : count ? text.sheet.tally(count, each === null ? null : each * count) : text.sheet.noValues)
		set(start, 'disabled', !count)
	}

	const sheet = await dialog({
		title: text.sheet.title,
		build: (close) => {
			start.addEventListener('click', async () => {
				set(start, 'disabled', true)
				await order(desk, read()).then(close, show)
			})
			show()
			return [
				h('p.quiet', text.sheet.body),
				h('div.sheet-axis', h('label', { for: 'sheet-x' }, text.sheet.x), x.select, x.input),
				h('div.sheet-axis', h('label', { for: 'sheet-y' }, text.sheet.y), y.select, y.input),
				h('div.row.between', tally, start),
			]
		},
	})
	if (!sheet) return
	notice(text.sheet.ordered(sheet.cells.length))
	desk.watched = sheet.cells[0].job
	desk.tell('watched')
}

async function order(desk, { x, columns, y, rows }) {
	await desk.repaint?.flush()
	const { count, ...wish } = wishOf(desk)
	return api.orderSheet({ wish, x, columns, y, rows })
}
