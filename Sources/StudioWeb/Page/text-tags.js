// What is said of tags and of the prompt that they make.

import { one, percent } from './amounts.js'

export const screening = {
	title: 'What it sees',
	states: { waiting: 'Waiting to be looked at', running: 'Being looked at …' },
	stages: { reading: 'reading the file', learning: 'learning the words of the vocabulary', looking: 'naming what is there' },
	busy: (state, { total, stage, share }) =>
		state === 'running' && stage ? `Being looked at: ${screening.stages[stage]}${share ? ` ${percent(share)}` : ''}` : `${screening.states[state]}${state === 'waiting' && total > 1 ? ` (one of ${total})` : ''}`,
	failed: (message) => `It could not be looked at${message ? `: ${message}` : ''}.`,
	none: 'Nobody has looked at this picture yet.',
	look: 'Look at it',
	counts: ({ approved, rejected, pending }) => [pending ? `${pending} undecided` : 'All decided', `${approved} approved`, rejected ? `${rejected} rejected` : ''].filter(Boolean).join(' · '),
	undoHint: 'Take the last decision back (u)',
	aboveLabel: 'Approve all undecided tags from this confidence on',
	approveAbove: (limit, count) => `Approve ${count} above ${limit} %`,
	hidden: (count) => `${one(count, 'tag was', 'tags were')} left out – see why`,
	addHidden: (tag) => `Add ${tag} all the same`,
	footing: (encoder, confidence) => `Seen by ${encoder}. The percentages say how often such a tag is right${confidence ? `; they are ${confidence}` : ''}.`,
}

export const facets = {
	subject: 'Subject',
	action: 'Action',
	setting: 'Setting',
	medium: 'Medium',
	style: 'Style',
	lighting: 'Lighting',
	colour: 'Colour',
	composition: 'Composition',
	mood: 'Mood',
	quality: 'Quality',
}

export const chips = {
	label: (words, facet, confidence, state, weight) =>
		`${words}, ${facet}, ${confidence === null ? 'added by you' : `${confidence} %`}, ${state}${weight === 1 ? '' : `, weight ${weight}`}`,
	states: { pending: 'undecided', approved: 'approved', rejected: 'rejected' },
	approve: (words) => `Approve ${words}`,
	reject: (words) => `Reject ${words}`,
	card: (words) => `The tag ${words}`,
	words: 'Words in the prompt',
	weight: 'Weight',
	lighter: 'Lighter',
	heavier: 'Heavier',
	approveWord: 'Approve',
	rejectWord: 'Reject',
	resetWord: 'Undecided',
	facts: (tag) =>
		tag.rank === null || tag.rank === undefined
			? `Added by hand${tag.text === tag.tag ? '' : ` as “${tag.tag}”`}.`
			: `“${tag.tag}”, ${percent(tag.confidence)} likely, number ${tag.rank} of what was seen${tag.cosine === null ? '' : `, cosine ${tag.cosine.toFixed(3)}`}.`,
}

export const addTag = {
	label: 'Add a tag',
	placeholder: 'Add what it missed …',
	completions: 'Words of the vocabulary',
	own: (words) => `“${words}”, in your words`,
	nearness: (nearness, confidence) => `cosine to this picture ${nearness.toFixed(3)}${confidence === null || confidence === undefined ? '' : `, ${percent(confidence)} likely`}`,
	add: 'Add',
}

export const recovered = {
	title: 'Its own prompt',
	tools: { a1111: 'A1111’s web UI', comfyui: 'ComfyUI', novelai: 'NovelAI', invokeai: 'InvokeAI', fooocus: 'Fooocus', swarmui: 'SwarmUI', drawthings: 'Draw Things', redraw: 'Redraw', text: 'a text' },
	place: (tool, place) => `Recovered: written by ${tool}, ${place}`,
	negative: (words) => `Negative: ${words}`,
	steps: (count) => one(count, 'step', 'steps'),
	guidance: (value) => `guidance ${value}`,
	seed: (seed) => `seed ${seed}`,
	use: 'Use it',
	useSeed: 'Use its seed',
	used: 'The recovered prompt is now the prompt.',
}

export const prompt = {
	title: 'Prompt',
	forms: 'Form of the prompt',
	form: { phrase: 'Phrase', tags: 'Tags', sentence: 'Sentence', own: 'My words' },
	nothing: 'Approve some tags, or write here what the picture should show.',
	paint: 'A photo of a sunflower, warm light …',
	length: (tokens, limit, chunks, model) => `${one(tokens, 'token', 'tokens')}${limit ? ` of ${limit}` : ''}${chunks > 1 ? `, read in ${chunks} pieces` : ''}${model ? ` · ${model}` : ''}`,
	copy: 'Copy the prompt',
	copied: 'Copied.',
	copyByHand: 'The browser does not let the page copy. The prompt is selected: press Ctrl+C.',
	negative: 'Negative prompt',
	standard: 'Back to the usual one',
}
