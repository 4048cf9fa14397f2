// Enlarging outwards: a wider canvas with the picture on it, and a mask over all that is new.
import * as api from './api.js'
import { clamp, h, say, set } from './dom.js'
import { dialog } from './dialog.js'
import { complain, notice } from './notices.js'
import { addresses, go } from './router.js'
import { remembered, state } from './store.js'
import { text } from './text.js'

const sides = ['top', 'left', 'right', 'bottom']
/** What is outside is made anew; nothing of the smeared border is worth keeping. */
const newStrength = 0.95

export async function enlargeDialog(desk) {
	const { width, height } = desk.picture
	const amounts = { top: 0, left: 0, right: 0, bottom: 0 }
	const inputs = {}
	const result = h('p.figure', { role: 'status' })
	const inner = h('div.enlarge-inner')
	inner.style.backgroundImage = `url("${api.fileAddress(desk.picture, 320)}")`
	const outer = h('div.enlarge-outer', inner)
	const makeButton = h('button.button.primary', { id: 'enlarge-now' }, text.enlarge.make)

	const size = () => ({ width: width + amounts.left + amounts.right, height: height + amounts.top + amounts.bottom })
	function show() {
		const whole = size()
		const scale = Math.min(260 / whole.width, 200 / whole.height)
		Object.assign(outer.style, { width: `${whole.width * scale}px`, height: `${whole.height * scale}px` })
		Object.assign(inner.style, { left: `${amounts.left * scale}px`, top: `${amounts.top * scale}px`, width: `${width * scale}px`, height: `${height * scale}px` })
		for (const side of sides) if (document.activeElement !== inputs[side]) inputs[side].value = amounts[side]
		const tooLarge = whole.width * whole.height > state.choices.maxPixels
		say(result, tooLarge ? text.enlarge.tooLarge(state.choices.maxPixels) : text.enlarge.result(whole.width, whole.height))
		set(makeButton, 'disabled', tooLarge || sides.every((side) => !amounts[side]))
	}
	for (const side of sides) {
		inputs[side] = h('input', { type: 'number', min: 0, max: 4096, step: 8, value: 0, 'aria-label': text.enlarge[side], id: `enlarge-${side}` })
		inputs[side].addEventListener('input', () => {
			amounts[side] = clamp(Math.round(Number(inputs[side].value) || 0), 0, 4096)
			show()
		})
	}
	const all = (share) => () => {
		amounts.left = amounts.right = Math.round((width * share) / 8) * 8
		amounts.top = amounts.bottom = Math.round((height * share) / 8) * 8
		show()
	}
	const ratio = (across, down) => () => {
		const [wide, high] = [Math.max(width, (height * across) / down), Math.max(height, (width * down) / across)]
		amounts.left = Math.round((wide - width) / 2)
		amounts.right = Math.round(wide - width) - amounts.left
		amounts.top = Math.round((high - height) / 2)
		amounts.bottom = Math.round(high - height) - amounts.top
		show()
	}
	const preset = (label, run) => h('button.button.small', { onclick: run }, label)
	const answer = await dialog({
		title: text.enlarge.title,
		build: (close) => {
			makeButton.addEventListener('click', () => close(true))
			setTimeout(show)
			return [
				h('p.quiet', text.enlarge.body),
				h('div.enlarge-grid', h('div.top', inputs.top), h('div.left', inputs.left), h('div.enlarge-picture', outer), h('div.right', inputs.right), h('div.bottom', inputs.bottom)),
				h('div.row', preset(text.enlarge.around, all(0.25)), preset('1 : 1', ratio(1, 1)), preset('4 : 3', ratio(4, 3)), preset('16 : 9', ratio(16, 9))),
				h('div.row.between', result, makeButton),
			]
		},
	})
	if (answer) await enlarge(desk, amounts).catch(complain)
}

async function enlarge(desk, amounts) {
	const { picture, mask } = await api.enlarge(desk.id, amounts)
	// The words go along; the enlarged picture has not been screened.
	const own = { ...remembered.read(`picture.${picture.sha256}`, {}), repaintStrength: newStrength }
	if (desk.promptText) own.text = desk.promptText
	remembered.write(`picture.${picture.sha256}`, own)
	remembered.write(`repaint.${picture.sha256}`, desk.repaint?.prompt || null)
	notice(text.enlarge.made)
	go(addresses.brush(picture.id, mask.id))
}
