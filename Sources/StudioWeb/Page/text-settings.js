// What is said of strength, settings, models, presets and sheets.

import { bytes, one, percent, seconds, stepsRun } from './amounts.js'

export const strength = {
	title: 'Strength',
	hint: 'How far the new picture may go from this one; elsewhere called denoising strength.',
	number: 'Strength as a number',
	advised: 'advised',
	keeps: 'keeps the picture',
	ignores: 'ignores it',
	spoken: (value, advised) => `${value.toFixed(2)}${advised ? ', in the advised range' : ''}`,
	word: (value) =>
		value < 0.2
			? 'A touch: colours and texture only.'
			: value < 0.4
				? 'Gentle: shapes stay where they are.'
				: value <= 0.6
					? 'A new version of the same picture.'
					: value <= 0.8
						? 'Free: the layout remains, things may change.'
						: 'Hardly more than a hint of the picture remains.',
	runs: (run, requested, from, levels) =>
		`${stepsRun(run, requested)} will run${from === null ? '' : `, from noise level ${Math.round(from)}${levels ? ` of ${levels}` : ''}`}`,
}

export const settings = {
	usual: 'Usual',
	usualChoice: 'As usual',
	byItself: (value) => `${value} (usual)`,
	more: 'All settings',
	steps: 'Steps',
	stepsHint: 'More steps take longer and are seldom better beyond 30.',
	guidance: 'Guidance',
	guidanceHint: 'How strictly the words are followed, elsewhere the CFG scale; at 1 the negative prompt does nothing.',
	guidanceUntil: 'Guidance until',
	guidanceUntilHint: 'Up to 1: this share of the steps is guided; above 1: that many steps. The others take half the time.',
	reuseEvery: 'Reuse every',
	reuseEveryHint: 'At 2, every other pass reuses most of the one before: little more than half the time, other details.',
	variationStrength: 'Vary the seed by',
	variationStrengthHint: 'With a seed that is kept: 0.1 gives its picture with other details, 1 quite another one.',
	mergeTokens: 'Merge tokens',
	mergeTokensHint: 'Works on this share of a large picture\'s alike places together, up to 0.75: quicker, other details.',
	sampler: 'Sampler',
	samplerHint: 'The way from noise to picture.',
	spacing: 'Spacing',
	spacingHint: 'How the steps are spread over the noise levels. Models made for few steps need trailing.',
	spacings: { leading: 'leading', trailing: 'trailing (SGM Uniform)', linspace: 'even (linspace)' },
	eta: 'Eta',
	etaHint: 'For TCD alone: how much of the noise of a step is fresh. Less shows more detail.',
	autoencoder: 'Autoencoder',
	autoencoderHint: 'A tiny one, from a folder vae_approx beside the model, makes pictures quicker and with less detail.',
	autoencoders: { tiny: 'tiny (TAESD)' },
	profile: 'Profile',
	profileHint: 'Whose conventions are followed to the letter.',
	profiles: { redraw: 'Redraw', diffusers: 'diffusers', a1111: 'A1111' },
	precision: 'Precision',
	precisionHint: 'In which numbers the model multiplies.',
	precisions: { auto: 'automatic', f32: 'f32: exact', bf16: 'bf16: half the memory', int8: 'int8' },
	resize: 'Fit',
	resizeHint: 'How the picture is brought to another shape.',
	resizes: { crop: 'cut off', fill: 'continue the border', stretch: 'stretch' },
	outputSize: 'Result size',
	outputSizes: { working: 'as it was made', picture: 'as the picture' },
	clipSkip: 'Clip skip',
	clipSkipHint: 'Which layer of the text encoder is used, counted from the end.',
	firstSide: 'First side',
	firstSideHint: 'A new picture starts small, with sides of about this many pixels, and grows; 0 makes it at its full size at once.',
	refine: 'Refine',
	refineHint: 'How far a growing picture is redrawn each time it has been enlarged, as a strength.',
	drafts: 'Drafts',
	draftsHint: 'Small first tries; the one nearest to the prompt grows.',
	engine: 'Engine',
	count: 'Pictures',
	redraw: (count) => (count > 1 ? `Redraw ${count}` : 'Redraw'),
	repaint: (count) => (count > 1 ? `Repaint ${count}` : 'Repaint'),
	paint: (count) => (count > 1 ? `Paint ${count}` : 'Paint'),
	nothingApproved: 'Approve some tags, or write a prompt; then it can begin.',
	noWords: 'Write what you want to see.',
	emptyMask: 'Brush over what should change.',
	lookAbove: 'One of the settings above is not possible.',
	/** Of what another program makes, neither the time nor the memory is known. */
	cost: ({ seconds: time, memory, precision, precisionNote, tiled }, sentences) => {
		const known = [time !== null && seconds(time), memory !== null && bytes(memory)].filter(Boolean)
		const numbers = precisionNote === null ? precision : `${precision} (${precisionNote})`
		const told = known.length > 0 && `About ${known.join(', ')}, in ${numbers}${tiled ? ', in tiles because memory is short' : ''}${sentences.length ? '.' : ''}`
		return [told, ...sentences].filter(Boolean).join(' ')
	},
}

export const seed = { title: 'Seed', hint: 'The same seed and settings give the same picture.', any: 'any', wrong: (typed) => `“${typed}” is no seed: it is a whole number from 0 to 18446744073709551615.`, dice: 'Roll a new seed', lock: 'Keep this seed', unlock: 'Any seed again' }

export const size = {
	title: 'Size',
	width: 'Width',
	height: 'Height',
	swap: 'Swap width and height',
	asPicture: 'As the picture',
	isPicture: 'The picture’s own size.',
	isOwn: 'As you said.',
	isUsual: (model) => (model ? `What ${model} usually takes.` : ''),
}

export const model = {
	title: 'Model',
	missing: 'Not installed',
	other: (chosen, suggested) => `${chosen} does this kind of work; for redrawing, ${suggested} was suggested.`,
	runnersUp: 'Other models, and how to get them',
	score: (value) => `match ${percent(value)}`,
	here: 'installed',
	notHere: 'not installed',
	take: 'Use this one',
}

export const presets = {
	title: 'Presets',
	keep: 'Keep these settings …',
	manage: 'Remove a preset …',
	paste: 'Paste a prompt with settings …',
	reset: 'Everything as usual',
	wasReset: 'All settings are as usual again.',
	name: 'Name',
	example: 'Gentle watercolour',
	withPrompt: 'With the prompt',
	taken: (name) => `The settings are those of “${name}”.`,
	kept: (name) => `Kept as “${name}”.`,
	drop: 'Remove',
	dropped: (name) => `“${name}” is removed.`,
	replaceTitle: (name) => `Replace “${name}”?`,
	replaceBody: 'There is a preset of this name already.',
	replace: 'Replace',
	pasteBody: 'The text that a picture was made with, as A1111, Forge and their like write it: prompt, negative prompt, then settings.',
	pasteExample: 'a lighthouse at dusk\nNegative prompt: blurry\nSteps: 20, Sampler: DPM++ 2M Karras, CFG scale: 7, Seed: 42, Size: 512x512',
	fillIn: 'Fill in',
	filled: 'Prompt and settings are filled in.',
}

export const repaint = {
	title: 'Repainting',
	what: 'What should be there?',
	placeholder: 'a red hat',
	wordsHint: 'Words for the brushed part. If you leave it empty, the prompt below is used. For something quite different, set the strength to 0.9.',
	area: 'Area',
	areaHint: 'What the model works on: the whole picture, or the brushed part alone and in more detail.',
	areas: { whole: 'whole picture', masked: 'the brushed part alone' },
	fill: 'Masked content',
	fillHint: 'What lies under the mask before it begins.',
	fills: { original: 'what is there', blur: 'the surroundings, blurred', noise: 'latent noise', empty: 'latent nothing' },
	feather: 'Feather',
	featherHint: 'Pixels over which new blends into old, inside the mask.',
	grow: 'Grow',
	growHint: 'Pixels by which the mask is widened first.',
	padding: 'Padding',
	paddingHint: 'Pixels around the brushed part that are looked at too.',
}

export const sheet = {
	open: 'A sheet: several strengths or settings beside each other',
	title: 'A sheet',
	body: 'One seed, and every value beside every other. A strip of strengths is ready to start.',
	x: 'Across',
	y: 'Down',
	values: 'Values',
	oneRow: 'one row only',
	/** `clipSkip` → `clip skip` */
	axis: (name) => name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`),
	noValues: 'Give at least one value.',
	tally: (count, time) => `${one(count, 'picture', 'pictures')}${time === null ? '' : `, about ${seconds(time)}`}`,
	start: 'Make the sheet',
	ordered: (count) => `${one(count, 'picture is', 'pictures are')} in the queue; the sheet fills as they come.`,
	none: 'No sheet yet. The button beside Redraw makes one.',
	caption: ({ x, y, seed }) => `${sheet.axis(x)}${y ? ` against ${sheet.axis(y)}` : ''}${seed === null ? '' : `, seed ${seed}`}`,
	states: { queued: 'waiting', running: 'being made', done: 'done', failed: 'failed', cancelled: 'cancelled', binned: 'in the bin', gone: 'not there' },
	drop: 'Remove the sheet',
	dropBody: 'The pictures stay among the results.',
	dropYes: 'Remove',
}
