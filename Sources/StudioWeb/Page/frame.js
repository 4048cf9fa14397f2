// The bar at the top: where one is, what is being made, light or dark.
import { h, fill, say, set } from './dom.js'
import { icon } from './icons.js'
import { openQueue } from './queue.js'
import { addresses } from './router.js'
import { showShortcuts } from './shortcuts.js'
import { isOver, on, state } from './store.js'
import { text } from './text.js'
import { isDark, onSystemTheme, switchTheme } from './theme.js'

const links = [
	{ name: 'library', address: addresses.library, label: text.frame.library, sign: 'grid' },
	{ name: 'paint', address: addresses.paint, label: text.frame.paint, short: text.frame.paintShort, sign: 'edit' },
	{ name: 'history', address: addresses.history, label: text.frame.history, sign: 'history' },
	{ name: 'bin', address: addresses.bin, label: text.frame.bin, sign: 'trash' },
]
let anchors = []

export function buildFrame() {
	anchors = links.map((link) =>
		h('a', { href: '#' + link.address, data: { name: link.name }, tip: link.label }, icon(link.sign), h('span.long', link.label), h('span.short', link.short ?? link.label)),
	)
	const theme = h('button.icon-button')
	const showTheme = () => {
		const label = isDark() ? text.frame.toLight : text.frame.toDark
		set(theme, 'aria-label', label)
		set(theme, 'title', label)
		fill(theme, icon(isDark() ? 'sun' : 'moon'))
	}
	theme.addEventListener('click', () => {
		switchTheme()
		showTheme()
	})
	onSystemTheme(showTheme)
	showTheme()
	const number = h('span')
	const words = h('span.count-words')
	const count = h('span.count', number, words)
	const bar = h('span.queue-bar')
	const queue = h('button.queue-button', { onclick: openQueue, id: 'queue-button' }, icon('queue'), count, bar)
	const showQueue = () => {
		const open = [...state.jobs.values()].filter((job) => !isOver(job))
		const running = open.find((job) => job.state === 'running')
		say(number, open.length ? String(open.length) : '')
		say(words, open.length ? text.frame.making : text.frame.queue)
		set(queue, 'aria-label', open.length ? text.frame.queueLabel(open.length) : text.frame.queueEmpty)
		queue.classList.toggle('busy', Boolean(running))
		bar.style.setProperty('--done', running?.progress ?? 0)
		document.title = running ? text.frame.titleBusy(Math.round((running.progress ?? 0) * 100)) : text.frame.title
	}
	on('jobs', showQueue)
	const lost = h('p.lost', { role: 'status', hidden: true }, text.errors.lost)
	on('connection', (connected) => set(lost, 'hidden', connected))
	document.getElementById('frame').append(
		h('nav.places', { 'aria-label': text.frame.places }, anchors),
		h('div.frame-end', queue, h('button.icon-button.keys-button', { tip: text.shortcuts.title, onclick: showShortcuts }, icon('keyboard')), theme),
		lost,
	)
	showQueue()
}

export function showPlace(name) {
	for (const anchor of anchors) set(anchor, 'aria-current', anchor.dataset.name === (name === 'picture' ? 'library' : name) ? 'page' : null)
}
