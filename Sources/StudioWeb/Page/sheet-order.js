// Orders a sheet: one seed, and every value of one setting against every value of another. A strip of strengths is the smallest one.
import * as api from './api.js'
import { examples, values } from './axes.js'
import { h, later, say, set } from './dom.js'
import { dialog } from './dialog.js'
import { notice, sentence, words } from './notices.js'
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
			changed()
		})
		input.addEventListener('input', changed)
		return { select, input }
	}
	const x = axis('x', desk.id === null ? 'guidance' : 'strength')
	const y = axis('y', '')
	const tally = h('p.figure', { role: 'status' })
	const notes = h('p.quiet', { id: 'sheet-notes', role: 'status', hidden: true })
	const start = h('button.button.primary', { id: 'sheet-start' }, text.sheet.start)

	function read() {
		const columns = values(x.select.value, x.input.value)
		const rows = y.select.value ? values(y.select.value, y.input.value) : null
		return { x: x.select.value, columns, y: y.select.value || null, rows, count: columns.length * (rows?.length ?? 1) }
	}

	let refusal = null
	let outlook = null
	let asking = null

	function show() {
		set(y.input, 'hidden', !y.select.value)
		const { count } = read()
		tally.classList.toggle('bad', Boolean(refusal))
		say(tally, refusal ? words(refusal) : count ? text.sheet.tally(count, outlook?.seconds ?? null) : text.sheet.noValues)
		say(notes, outlook?.notes.map(sentence).join(' ') ?? '')
		set(notes, 'hidden', !outlook?.notes.length)
		set(start, 'disabled', !count)
	}

	function changed() {
		;[refusal, outlook] = [null, null]
		asking?.abort()
		show()
		if (read().count) look()
	}

	/** Asks what it would come to. What is wrong with a value that is still being typed is told when the sheet is started. */
	const look = later(250, async () => {
		asking = new AbortController()
		const { signal } = asking
		const seen = await sheetWish(desk, read())
			.then((sheet) => api.planSheet(sheet, signal))
			.catch(() => null)
		if (signal.aborted) return
		outlook = seen
		show()
	})

	function refused(error) {
		refusal = error
		show()
	}

	const sheet = await dialog({
		title: text.sheet.title,
		build: (close) => {
			start.addEventListener('click', async () => {
				set(start, 'disabled', true)
				await sheetWish(desk, read()).then(api.orderSheet).then(close, refused)
			})
			changed()
			return [
				h('p.quiet', text.sheet.body),
				h('div.sheet-axis', h('label', { for: 'sheet-x' }, text.sheet.x), x.select, x.input),
				h('div.sheet-axis', h('label', { for: 'sheet-y' }, text.sheet.y), y.select, y.input),
				notes,
				h('div.row.between', tally, start),
			]
		},
	})
	look.cancel()
	asking?.abort()
	if (!sheet) return
	notice(text.sheet.ordered(sheet.cells.length))
	desk.watched = sheet.cells[0].job
	desk.tell('watched')
}

async function sheetWish(desk, { x, columns, y, rows }) {
	await desk.repaint?.flush()
	const { count, ...wish } = wishOf(desk)
	return { wish, x, columns, y, rows }
}
