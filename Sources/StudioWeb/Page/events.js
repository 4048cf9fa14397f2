// The server's events: what another tab, another program or the queue did. A tab in sight listens; a hidden one lets go, since a browser
// has only a handful of connections to one server for all of its tabs, and asks what it missed once it is looked at again.
import * as api from './api.js'
import { later } from './dom.js'
import { dropJobs, isOver, state, takeJob, takeJobs, tell } from './store.js'

const kinds = ['picture', 'decision', 'job', 'jobs', 'step', 'generation', 'sheet', 'analysis', 'library', 'reload']
/** How often a hidden tab asks for what is being made, for its title. */
const hiddenPause = 5000

let source = null
/** Number of the last event that was seen. */
let last = ''
let wasLost = false
let again = 0
let asking = 0

export function follow() {
	open()
	document.addEventListener('visibilitychange', () => (document.hidden ? hide() : open()))
	addEventListener('pagehide', close)
	addEventListener('pageshow', (event) => {
		// Out of the browser's memory of pages, as it was left.
		if (!event.persisted) return
		open()
		take('reload', {})
	})
	if (document.hidden) hide()
}

function open() {
	clearInterval(asking)
	clearTimeout(again)
	if (source) return
	const opened = (source = new EventSource(api.eventsAddress(last)))
	for (const kind of kinds) {
		opened.addEventListener(kind, (event) => {
			last = event.lastEventId || last
			take(kind, event.data ? JSON.parse(event.data) : {})
		})
	}
	opened.addEventListener('open', () => {
		setConnected(true)
		// Whatever changed before the stream stood, or while it was away, is asked for.
		if (wasLost || !last) take('reload', {})
		wasLost = false
	})
	opened.addEventListener('error', () => {
		wasLost = true
		setConnected(false)
		// A refused stream is closed for good by the browser; a server that is being restarted refuses for a while.
		if (opened.readyState !== EventSource.CLOSED || opened !== source) return
		source = null
		again = setTimeout(open, 1000)
	})
}

function close() {
	clearInterval(asking)
	clearTimeout(again)
	if (source && !last) wasLost = true
	source?.close()
	source = null
}

function hide() {
	close()
	asking = setInterval(() => {
		if ([...state.jobs.values()].some((job) => !isOver(job))) api.jobs().then(takeJobs, () => {})
	}, hiddenPause)
}

function setConnected(connected) {
	if (state.connected === connected) return
	state.connected = connected
	tell('connection', connected)
}

/** Another tab may have cleared the queue of what is over. */
const dropSoon = later(200, () => api.jobs().then(dropJobs, () => {}))

function take(kind, news) {
	if (kind === 'job') {
		takeJob(news)
		tell('job', news)
	} else if (kind === 'step') {
		const known = state.jobs.get(news.job)
		if (known) {
			takeJob({
				...known,
				step: news.step,
				steps: news.steps,
				progress: news.steps ? (news.picture + news.step / news.steps) / news.pictures : known.progress,
				secondsLeft: news.secondsLeft,
				previewAt: news.preview ? news.step : known.previewAt,
			})
		}
		tell('step', news)
	} else if (kind === 'jobs') {
		api.jobs().then(takeJobs, () => {})
	} else if (kind === 'reload') {
		api.jobs().then(takeJobs, () => {})
		tell('reload')
	} else {
		if (kind === 'analysis') state.status.analysis = news
		if (kind === 'library' && [...state.jobs.values()].some(isOver)) dropSoon()
		tell(kind, news)
	}
}
