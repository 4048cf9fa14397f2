// What is said of the queue, of the history and of the bin.

import { day, kinds, one, seconds } from './amounts.js'
import { sheet } from './text-settings.js'

export const queue = {
	title: 'Queue',
	empty: 'Nothing is being made',
	emptyBody: 'What you order stands here until it is done. You can change the order and cancel.',
	waiting: 'Being made or waiting',
	over: 'Finished',
	clear: 'Clear',
	up: 'Make it earlier',
	down: 'Make it later',
	progress: 'Progress',
	states: { queued: 'waiting', running: 'being made', done: 'done', failed: 'failed', cancelled: 'cancelled', interrupted: 'interrupted' },
	facts: (job) => [job.strength === null ? null : `strength ${job.strength}`, job.seed === null ? null : `seed ${job.seed}`, job.model].filter(Boolean).join(' · '),
	heading: (job) => `${{ generate: 'Redraw', repaint: 'Repaint', paint: 'Paint' }[job.mode] ?? 'Make'}: ${job.prompt ?? ''}`,
	words: (job) =>
		job.state === 'queued'
			? `Waiting${job.position > 1 ? `, number ${job.position}` : ''}`
			: job.step
				? `Step ${job.step} of ${job.steps}${job.secondsLeft === null || job.secondsLeft === undefined ? '' : ` · ${seconds(job.secondsLeft)} left`}`
				: 'Starts …',
}

export const history = {
	title: 'History',
	export: 'Export all as JSON',
	empty: 'Nothing has been made yet',
	emptyBody: 'Every result stands here with the picture it was made of, and can be made again.',
	toLibrary: 'Choose a picture',
	older: 'Show older',
	fromWords: 'From words alone',
	gone: 'A picture that is no longer there',
	enlarged: 'Enlarged · ',
	made: (count) => one(count, 'result', 'results'),
	unknown: 'What was asked for is not known any more.',
	sheet: ({ axes, cells }) => `Sheet of ${one(cells.length, 'picture', 'pictures')}${axes ? `: ${sheet.caption(axes)}` : ''}`,
	facts: (generation) =>
		[kinds[generation.kind], generation.strength === null ? null : `strength ${generation.strength}`, `seed ${generation.seed}`, generation.model, day.format(new Date(generation.created))].filter(Boolean).join(' · '),
	running: 'being made',
	failed: (generation) => `${generation.status}${generation.message ? `: ${generation.message}` : ''}`,
	repeat: 'Again',
	repeatHint: 'Makes exactly this again: same words, seed and settings',
	ordered: 'It is in the queue.',
}

export const log = {
	title: (name) => `What happened to ${name}`,
	nothing: 'Nothing yet.',
	line: (entry) =>
		({
			analysis: () => `Looked at with ${entry.analysis.encoder} in ${seconds(entry.analysis.seconds)}`,
			decision: () => `${{ approve: 'Approved', reject: 'Rejected', edit: 'Edited', weigh: 'Weighed', add: 'Added', reset: 'Left open', undo: 'Took back' }[entry.decision.action] ?? entry.decision.action} ${entry.decision.tag}`,
			prompt: () => `Prompt ${entry.prompt.version}, ${{ composed: 'from the tags', written: 'by hand', recovered: 'recovered' }[entry.prompt.source] ?? entry.prompt.source}: ${entry.prompt.positive}`,
			generation: () => `${kinds[entry.generation.kind] ?? entry.generation.kind} with seed ${entry.generation.seed}${entry.generation.status === 'done' ? '' : `: ${entry.generation.status}`}`,
		})[entry.kind]?.() ?? entry.kind,
}

export const bin = {
	title: 'Bin',
	nothing: 'The bin is empty',
	nothingBody: 'Pictures and results that you throw away lie here until you empty it.',
	restore: 'Put back',
	restored: 'It is back.',
	result: 'A result',
	empty: 'Empty the bin',
	sure: (count) => `Delete ${one(count, 'thing', 'things')} for good?`,
	sureBody: 'This cannot be undone. Files that you added from folders of your own are not touched.',
}
