// What the page knows, and who wants to hear of a change. The server is the truth; this is what was last heard of it.

export const state = {
	status: null,
	choices: null,
	models: [],
	/** Jobs by number. */
	jobs: new Map(),
	/** Whether the events arrive. */
	connected: true,
}

/** The least and the most that a number of a wish may be, as the server says; where it does not say, it judges what was typed. */
export const range = (key) => state.choices.ranges?.[key] ?? []

const listeners = new Map()

/** Calls for every news of a topic; the answer ends it. */
export function on(topic, listener) {
	if (!listeners.has(topic)) listeners.set(topic, new Set())
	listeners.get(topic).add(listener)
	return () => listeners.get(topic).delete(listener)
}

export function tell(topic, news) {
	for (const listener of [...(listeners.get(topic) ?? [])]) listener(news)
}

/** What the person set on this device: kept over a reload, in private windows for as long as they are open. */
export const remembered = {
	read(key, otherwise) {
		try {
			const text = localStorage.getItem(`redraw.${key}`)
			return text === null ? otherwise : JSON.parse(text)
		} catch {
			return otherwise
		}
	},
	write(key, value) {
		try {
			if (value === undefined || value === null) localStorage.removeItem(`redraw.${key}`)
			else localStorage.setItem(`redraw.${key}`, JSON.stringify(value))
		} catch {
			// A browser that keeps nothing loses only comfort.
		}
	},
}

export const isOver = (job) => job.state !== 'queued' && job.state !== 'running'

/** Running first, then waiting in their order, then what is over, the latest first. */
export function jobsInOrder() {
	const rank = (job) => (job.state === 'running' ? 0 : job.state === 'queued' ? 1 : 2)
	return [...state.jobs.values()].sort(
		(a, b) => rank(a) - rank(b) || (rank(a) === 1 ? (a.position ?? 0) - (b.position ?? 0) || a.id - b.id : b.id - a.id),
	)
}

export function takeJobs(list) {
	state.jobs = new Map(list.map((job) => [job.id, job]))
	tell('jobs')
}

/** Forgets jobs that are over and that the server no longer lists. */
export function dropJobs(list) {
	const listed = new Set(list.map((job) => job.id))
	const gone = [...state.jobs.values()].filter((job) => isOver(job) && !listed.has(job.id))
	for (const job of gone) state.jobs.delete(job.id)
	if (gone.length) tell('jobs')
}

export function takeJob(job) {
	state.jobs.set(job.id, { ...state.jobs.get(job.id), ...job })
	tell('jobs')
}
