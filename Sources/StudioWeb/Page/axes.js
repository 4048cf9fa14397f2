// The settings that a sheet can run over, and how their values are written.

/** What stands in the field to begin with; of all others, nothing. */
export const examples = {
	strength: '0.2, 0.4, 0.6, 0.8',
	steps: '6, 10, 20',
	guidance: '2, 5, 8',
	seed: '1, 2, 3',
	sampler: 'ddim, euler, dpmpp-2m',
	model: 'redraw-small, redraw-painter',
	prompt: 'a cat; a dog',
	negative: 'blurry; text',
	size: '256x256, 384x256',
	profile: 'redraw, a1111',
	feather: '0, 8, 24',
}

const written = ['prompt', 'negative']

/** The values that were typed for an axis; whether it can have them, the server says. */
export function values(axis, typed) {
	const words = typed.split(written.includes(axis) ? ';' : ',').map((word) => word.trim()).filter(Boolean)
	return words.map((word) => {
		if (written.includes(axis)) return word
		if (word === 'true' || word === 'false') return word === 'true'
		// A seed of more digits than a number holds stays as it was written.
		return /^\d*\.?\d+$/.test(word) && word.length <= 15 ? Number(word) : word
	})
}
