// What is said of the picture, the brush and the results.

import { kinds, one, percent, seconds, stepsRun } from './amounts.js'

export const stage = {
	modes: 'How to compare',
	mode: { result: 'Result', slider: 'Before / after', side: 'Side by side', difference: 'Difference' },
	brush: 'Brush',
	maskKept: 'A mask is kept: the brush goes on with it',
	original: 'Original',
	zoomIn: 'Zoom in',
	zoomOut: 'Zoom out',
	pixels: 'One to one: a pixel for a pixel',
	fit: 'Fit',
	live: 'What it is becoming',
	nothing: 'Nothing painted yet',
	nothingBody: 'Write what you want to see, and press Paint.',
	sourceAlt: (name) => `The picture ${name}`,
	resultAlt: (prompt) => `Result: ${prompt}`,
	differenceAlt: 'Where the result differs from the picture, bright where it differs most',
}

export const compare = { view: 'Picture: arrows move, plus and minus zoom, 0 fits', divider: 'Before and after', before: 'Before', after: 'After' }

export const brush = {
	tools: 'Brush',
	canvas: 'The picture with the mask. Brush over what should change.',
	close: 'Close',
	brush: 'Brush (B)',
	lasso: 'Lasso (L)',
	rectangle: 'Rectangle (R)',
	fill: 'Fill a closed area (F)',
	hand: 'Move the canvas (H, or hold the space bar)',
	erase: 'Eraser (E)',
	size: 'Size',
	hardness: 'Hardness',
	undo: 'Undo (Ctrl+Z)',
	redo: 'Redo (Ctrl+Shift+Z)',
	invert: 'Invert the mask (I)',
	clear: 'Clear the mask (Delete)',
	enlarge: 'Enlarge the canvas outwards',
	look: 'How the mask looks',
	colour: 'Colour',
	colours: ['Red', 'Blue', 'Green', 'Yellow', 'White', 'Black'],
	opacity: 'Opacity',
	pixels: (count) => one(count, 'pixel', 'pixels'),
	share: (share) => `${percent(share)} brushed`,
	empty: 'Nothing brushed yet',
}

export const enlarge = {
	title: 'Enlarge outwards',
	body: 'The picture keeps every pixel. What is added around it is masked, to be painted next.',
	top: 'Pixels above',
	left: 'Pixels at the left',
	right: 'Pixels at the right',
	bottom: 'Pixels below',
	around: 'A quarter all around',
	result: (width, height) => `${width} × ${height}`,
	tooLarge: (most) => `More than ${Math.round(most / 1e6)} million pixels are too many.`,
	make: 'Enlarge',
	made: 'The canvas is larger; what is new is masked. Say what should be there, and repaint.',
}

export const results = {
	title: 'Results',
	layouts: 'Layout',
	layout: { strip: 'Strip', grid: 'Grid', sheets: 'Sheets' },
	filter: 'Stars',
	all: 'All results',
	atLeast: (stars) => `${'★'.repeat(stars)} or more`,
	noneWithStars: 'No result has so many stars.',
	count: (count) => one(count, 'result', 'results'),
	label: (generation, output) => `${kinds[generation.kind] ?? 'Made'}${generation.strength === null ? '' : ` at strength ${generation.strength}`}${output.seed === null ? '' : `, seed ${output.seed}`}`,
	facts: (generation, output) =>
		[
			generation.strength === null ? null : `strength ${generation.strength}`,
			stepsRun(generation.steps.run, generation.steps.requested),
			output.width && `${output.width} × ${output.height}`,
			generation.model,
			generation.seconds?.total && seconds(generation.seconds.total),
		]
			.filter(Boolean)
			.join(' · '),
	untouched: (proof) => (proof.identical ? `${one(proof.pixels, 'pixel', 'pixels')} outside the mask: unchanged, byte for byte.` : `Of ${one(proof.pixels, 'pixel', 'pixels')} outside the mask some changed.`),
	stars: 'Your rating',
	star: (stars) => one(stars, 'star', 'stars'),
	reference: 'Go on from here',
	brush: 'Brush on it',
	again: 'Another seed',
	vary: 'Vary a little',
	varying: 'A gentle variation of this result is being made.',
	seed: 'Use its seed',
	seedOf: (seed) => `seed ${seed}`,
	seedTaken: (seed) => `The seed is locked to ${seed}.`,
	keep: 'Keep',
	kept: 'Kept',
	discard: 'Discard',
	discarded: (count) => `${one(count, 'picture is', 'pictures are')} in the bin.`,
	mask: 'Edit its mask',
	settings: 'Use all its settings',
	settingsTaken: 'Prompt, strength, seed and settings are those of this result.',
	same: 'Make exactly this again',
	save: 'Save the picture',
	saveMask: 'Save the mask',
	look: 'Go there',
}
