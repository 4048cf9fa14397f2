// The parameters that a sheet can run over, and how their values are written.
import { range, state } from './store.js'
import { text } from './text.js'
import { seedOf } from './wish.js'

const number = (key) => (word) => {
	const value = Number(word.replace(',', '.'))
	const [low = -Infinity, high = Infinity] = range(key)
	return word !== '' && Number.isFinite(value) && value >= low && value <= high ? value : null
}
const whole = (key) => (word) => {
	const value = number(key)(word)
	return Number.isInteger(value) ? value : null
}
const oneOf = (list) => (word) => (list().includes(word) ? word : null)

export const axes = {
	strength: { read: number('strength'), example: '0.2, 0.4, 0.6, 0.8', needsPicture: true },
	steps: { read: whole('steps'), example: '6, 10, 20' },
	guidance: { read: number('guidance'), example: '2, 5, 8' },
	seed: { read: seedOf, example: '1, 2, 3' },
	sampler: { read: oneOf(() => state.choices.samplers), example: 'ddim, euler, dpmpp-2m' },
	model: { read: oneOf(() => state.models.filter((model) => model.installed).map((model) => model.name)), example: 'redraw-small, redraw-painter' },
	prompt: { read: (word) => word || null, example: 'a cat; a dog', separator: ';' },
}

/** The values that were typed for an axis. @throws the first word that is none, as an Error with words for people. */
export function values(name, typed) {
	const axis = axes[name]
	const words = typed.split(axis.separator ?? ',').map((word) => word.trim()).filter(Boolean)
	return words.map((word) => {
		const value = axis.read(word)
		if (value === null) throw new Error(text.sheet.wrong(text.sheet.axes[name], word))
		return value
	})
}
