// Starts the page: what the server can do, what it does now, and the view that the address names.
import * as api from './api.js'
import { h, fill } from './dom.js'
import { follow } from './events.js'
import { buildFrame, showPlace } from './frame.js'
import { catchPictures } from './intake.js'
import { emptyState, leaveNotices, words } from './notices.js'
import { addresses, here } from './router.js'
import { catchShortcuts } from './shortcuts.js'
import { on, state, takeJobs, tell } from './store.js'
import { text } from './text.js'

const holder = document.getElementById('view')
let current = null
let shown = null

const views = {
	library: () => import('./library.js').then((module) => module.libraryView()),
	picture: (place) => import('./desk.js').then((module) => module.deskView(Number(place.parts[0]))),
	paint: () => import('./desk.js').then((module) => module.deskView(null)),
	history: () => import('./history.js').then((module) => module.historyView()),
	bin: () => import('./bin.js').then((module) => module.binView()),
}

async function show() {
	const place = here()
	const key = place.name === 'picture' ? `picture/${place.parts[0]}` : place.name
	showPlace(place.name)
	// Within a picture the view itself follows the address.
	if (current && shown === key) return current.followAddress?.(place)
	if (shown) leaveNotices()
	shown = key
	try {
		const next = await (views[place.name] ?? views.library)(place)
		if (shown !== key) return next.end()
		current?.end()
		current = next
		fill(holder, next.node)
		next.begin?.(place)
		if (document.activeElement === document.body) holder.focus({ preventScroll: true })
	} catch (error) {
		current?.end()
		current = null
		fill(holder, emptyState({ title: text.errors.viewTitle, body: words(error), sign: 'picture', actions: [againButton(), h('a.button', { href: '#' + addresses.library }, text.history.toLibrary)] }))
	}
}

const againButton = () =>
	h(
		'button.button.primary',
		{ onclick: () => {
				shown = null
				start()
			},
		},
		text.common.tryAgain,
	)

async function start() {
	try {
		const [status, choices, models, jobs] = await Promise.all([api.status(), api.choices(), api.models(), api.jobs()])
		Object.assign(state, { status, choices, models: models.filter((model) => model.kind === 'generator') })
		takeJobs(jobs)
		tell('status')
	} catch (error) {
		fill(holder, emptyState({ title: text.errors.startTitle, body: words(error), sign: 'picture', actions: [againButton()] }))
		return
	}
	await show()
}

const skip = document.querySelector('.skip')
skip.textContent = text.frame.skip
// The address names the view; a place within it would name another one.
skip.addEventListener('click', (event) => {
	event.preventDefault()
	holder.focus()
})
buildFrame()
catchPictures()
catchShortcuts()
addEventListener('hashchange', show)
on('library', refreshStatus)
on('reload', refreshStatus)
function refreshStatus() {
	api.status().then((status) => {
		state.status = status
		tell('status')
	}, () => {})
}
follow()
await start()
