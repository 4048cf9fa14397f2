// The server's events: what another tab, another program or the queue did. The browser resumes after the last it saw by itself.
import * as api from './api.js'
import { state, takeJob, takeJobs, tell } from './store.js'

const kinds = ['picture', 'decision', 'job', 'step', 'generation', 'library', 'reload']

export function follow() {
	const source = new EventSource(api.eventsAddress)
	for (const kind of kinds) source.addEventListener(kind, (event) => take(kind, event.data ? JSON.parse(event.data) : {}))
	source.addEventListener('open', () => {
		setConnected(true)
		// Whatever changed before the stream stood, or while it was away, is asked for.
		take('reload', {})
	})
	source.addEventListener('error', () => {
		setConnected(false)
		// A refused stream is closed for good by the browser; a server that is being restarted refuses for a while.
		if (source.readyState === EventSource.CLOSED) setTimeout(follow, 1000)
	})
	addEventListener('pagehide', () => source.close(), { once: true })
}

function setConnected(connected) {
	if (state.connected === connected) return
	state.connected = connected
	tell('connection', connected)
}

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
				progress: news.steps ? news.step / news.steps : known.progress,
				secondsLeft: news.secondsLeft,
				previewAt: news.preview ? news.step : known.previewAt,
			})
		}
		tell('step', news)
	} else if (kind === 'reload') {
		api.jobs().then(takeJobs, () => {})
		tell('reload')
	} else tell(kind, news)
}
