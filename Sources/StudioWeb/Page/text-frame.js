// What stands around everything, and what is said of the library and of pictures that come.

import { day, one, percent } from './amounts.js'
import { screening } from './text-tags.js'

export const common = {
	close: 'Close',
	cancel: 'Cancel',
	undo: 'Undo',
	save: 'Save',
	more: 'More',
	tryAgain: 'Try again',
	px: (count) => `${count} px`,
	pxUnit: 'px',
	date: (date) => day.format(new Date(date)),
}

export const frame = {
	title: 'Redraw',
	titleBusy: (share) => `${share} % – Redraw`,
	skip: 'Skip to the content',
	places: 'Places',
	library: 'Pictures',
	paint: 'Paint from words',
	paintShort: 'Paint',
	history: 'History',
	bin: 'Bin',
	queue: 'Queue',
	/** After a number. */
	making: ' to make',
	queueLabel: (count) => `Queue: ${one(count, 'picture is', 'pictures are')} being made or waiting`,
	queueEmpty: 'Queue: nothing is being made',
	toLight: 'Switch to light',
	toDark: 'Switch to dark',
}

export const errors = {
	unreachable: 'Redraw does not answer. Is `redraw serve` still running? What you decided is kept.',
	token: 'This Redraw needs its token: open the address that it printed when it was started.',
	page: (message) => `The page made a mistake (${message}). Reload it; what you decided is kept.`,
	lost: 'The connection to Redraw is lost. It comes back by itself once the server runs.',
	viewTitle: 'This could not be shown',
	startTitle: 'Redraw does not answer',
	failed: 'it failed; the queue may say more',
}

export const shortcuts = {
	title: 'Keys',
	groups: [
		['Tags (with a tag in focus)', [['j k', 'next, previous tag'], ['a', 'approve'], ['r', 'reject'], ['e', 'edit'], ['u', 'undo'], ['+ -', 'weigh more, less']]],
		['Anywhere', [['/', 'add a tag, or search'], ['Ctrl Enter', 'redraw'], ['?', 'these keys']]],
		['Picture', [['+ -', 'zoom (with the picture in focus)'], ['0 1', 'fit, one to one']]],
		['Brush', [['B E', 'brush, eraser'], ['L R F', 'lasso, rectangle, fill'], ['[ ]', 'smaller, larger'], ['{ }', 'softer, harder'], ['I Delete', 'invert, clear'], ['Ctrl Z', 'undo; with Shift redo'], ['Space', 'hold to move'], ['Esc', 'close; the mask is kept']]],
	],
}

export const intake = {
	drop: 'Drop pictures to add them',
	pasted: 'pasted.png',
	refused: (name, reason) => `${name} was not added: ${reason}`,
	moreRefused: (count) => `${one(count, 'more file was', 'more files were')} not added.`,
	unreadable: 'it cannot be read.',
	noPictures: 'There is no picture in that folder.',
	taken: (count) => `${one(count, 'picture', 'pictures')} added. They are being looked at.`,
	folder: (count, name) => `${one(count, 'picture', 'pictures')} added from the folder ${name}.`,
	progress: (done, total) => (total === 1 ? 'Adding a picture' : `Adding ${done} of ${total}`),
	looking: ({ done, total, stage, share }) => `Looking at ${total === 1 ? 'the picture' : `${Math.min(done + 1, total)} of ${total}`}${stage ? `: ${screening.stages[stage]}${share ? ` ${percent(share)}` : ''}` : ''}`,
}

export const library = {
	title: 'Pictures',
	label: 'Pictures',
	search: 'Search words, or tag:cat',
	filter: 'Show',
	states: { '': 'All', pending: 'Undecided', approved: 'Decided', analysing: 'Being looked at', failed: 'Failed' },
	stars: 'Stars of the results',
	starChoices: { '': 'Any stars', 1: '★ or more', 2: '★★ or more', 3: '★★★ or more', 4: '★★★★ or more', 5: '★★★★★' },
	order: 'Order',
	orders: { newest: 'Newest first', oldest: 'Oldest first', name: 'By name' },
	add: 'Add pictures',
	folder: (name) => `Add the folder ${name}`,
	total: (count) => one(count, 'picture', 'pictures'),
	found: (count) => `${one(count, 'picture', 'pictures')} found`,
	painted: 'Painted from words',
	nothingFound: 'No picture matches',
	nothingFoundBody: 'Try fewer words, another state, or fewer stars.',
	showAll: 'Show all pictures',
	welcome: 'Start with a picture',
	welcomeBody: 'Redraw looks at it and says what it sees. You correct that, say how far the new picture may go, and it is redrawn: all of it, or only where you brush.',
	dropHere: 'Drop a picture here, paste one, or choose a file',
	dropMore: 'PNG, JPEG, WebP, HEIC, AVIF, GIF, BMP or TIFF. Nothing leaves this machine.',
	walk: [
		['Look', 'Tags, prompt, model and size are suggested.'],
		['Decide', 'Approve what is right, reject what is wrong.'],
		['Redraw', 'From a touch to something new.'],
		['Brush', 'Repaint one part; the rest stays to the pixel.'],
	],
	orWords: 'No picture at hand?',
	paintLink: 'Paint one from words.',
	tile: {
		waiting: 'Waiting to be looked at',
		running: 'Being looked at …',
		failed: 'Could not be looked at',
		pending: (count) => `${one(count, 'tag', 'tags')} undecided`,
		screened: 'Decided',
		nothing: 'Not looked at yet',
		results: (count) => one(count, 'result', 'results'),
	},
}

export const desk = {
	paintTitle: 'Paint from words',
	paintFacts: 'No picture to begin with',
	facts: (width, height) => `${width} × ${height}`,
	origin: (generation) => `Made by result ${generation}`,
	enlargedFrom: 'Before it was enlarged',
	back: 'Back to all pictures',
	more: 'More about this picture',
	log: 'What happened to it',
	analyzeAgain: 'Look at it again',
	analyzing: 'It is being looked at again. What you decided stays.',
	saveFile: 'Save the picture',
	savePrompt: 'Save the prompt as text',
	saveJSON: 'Save everything as JSON',
	discard: 'Move to the bin',
	discarded: (name) => `${name} is in the bin.`,
	tabs: 'Parts of the desk',
	panels: { stage: 'Picture', screening: 'Tags', settings: 'Redraw' },
}
