// What lies on the desk: one picture (or none, for painting from words), what the person set, what was planned and made.
import * as api from './api.js'
import { later } from './dom.js'
import { complain } from './notices.js'
import { remembered, state } from './store.js'
import { wishOf } from './wish.js'

export class Desk {
	constructor(id, picture) {
		this.id = id
		/** The picture with all that is known of it; null where there is none. */
		this.picture = picture
		/** What is kept of it on this device is kept under its bytes: in another library its number is another picture's. */
		this.key = picture?.sha256 ?? 'none'
		/** What the person set, and nothing else: what is not here, the server decides. */
		this.settings = remembered.read('settings', {})
		/** What belongs to this picture alone. */
		this.own = remembered.read(`picture.${this.key}`, {})
		/** Which text is sent: `sentence` and `tags` are composed of what is approved, `own` was written by hand. */
		this.prompt = { form: id === null || this.own.text ? 'own' : remembered.read('form', 'sentence'), text: this.own.text ?? '', negative: this.own.negative ?? null }
		/** What the server would do now: { order, plan, crop, notes }. */
		this.planned = null
		this.refusal = null
		/** Generations of this picture, the latest first. */
		this.results = []
		/** { generation, number } of the result that is looked at. */
		this.selected = null
		/** The mask while the brush is up: { id, prompt, isEmpty }. */
		this.repaint = null
		/** Number of the job that was just ordered. */
		this.watched = null
		/** Words that the server would not have taken by itself. */
		this.spoken = null
		this.listeners = new Map()
		this.deciding = Promise.resolve()
		this.planSoon = later(180, () => this.plan())
		this.planning = null
		if (picture) this.#standingPrompt()
	}

	on(topic, listener) {
		if (!this.listeners.has(topic)) this.listeners.set(topic, new Set())
		this.listeners.get(topic).add(listener)
		return () => this.listeners.get(topic).delete(listener)
	}

	tell(topic) {
		for (const listener of [...(this.listeners.get(topic) ?? [])]) listener()
	}

	end() {
		this.listeners.clear()
		this.planSoon.cancel()
		this.planning?.abort()
	}

	async load() {
		if (this.id === null) return
		this.picture = await api.picture(this.id)
		this.#standingPrompt()
		this.tell('picture')
	}

	/** A prompt that was written by hand or recovered stands until something is decided after it. */
	#standingPrompt() {
		const latest = this.picture.prompts.at(-1)
		if (!latest || latest.source === 'composed') return
		const decided = this.picture.suggestions.map((one) => one.decidedAt ?? '').reduce((a, b) => (a > b ? a : b), '')
		if (decided > latest.created) return
		Object.assign(this.prompt, { form: 'own', text: latest.positive })
		this.prompt.negative = latest.negative === this.picture.compose.negative ? null : latest.negative
	}

	async loadResults() {
		const filter = { picture: this.id, limit: 300 }
		const answer = await api.generations(filter)
		this.results = answer.generations.filter((one) => one.status === 'done' && (this.id !== null || !one.picture))
		for (const one of this.results) for (const output of one.outputs) output.seed ??= one.seed
		if (this.selected && !this.results.some((one) => one.id === this.selected.generation)) this.selected = null
		this.tell('results')
	}

	set(change) {
		for (const [key, value] of Object.entries(change)) {
			const keeper = key === 'size' || key === 'strength' || key === 'repaintStrength' ? this.own : this.settings
			if (value === undefined || value === null || value === '') delete keeper[key]
			else keeper[key] = value
		}
		this.#keep()
		this.tell('settings')
		this.planSoon()
	}

	/** All settings of a wish that was kept or pasted; what it does not name goes back to the default. */
	takeWish(wish) {
		const { prompt, negative, strength, size, picture, mask, invert, mode, seed, strengths, ...rest } = wish
		this.settings = rest
		if (seed !== undefined && seed !== null) this.settings.seed = seed
		this.own = { ...(strength == null ? {} : { [mask ? 'repaintStrength' : 'strength']: strength }), ...(size == null ? {} : { size }) }
		if (prompt) {
			Object.assign(this.prompt, { form: 'own', text: prompt })
			if (negative != null) this.prompt.negative = negative
		}
		this.#keep()
		this.tell('prompt')
		this.tell('settings')
		this.planSoon()
	}

	setPrompt(change) {
		Object.assign(this.prompt, change)
		if (change.form && change.form !== 'own') remembered.write('form', change.form)
		this.own.text = this.prompt.form === 'own' ? this.prompt.text : undefined
		this.own.negative = this.prompt.negative ?? undefined
		this.#keep()
		this.tell('prompt')
		this.planSoon()
	}

	#keep() {
		remembered.write('settings', this.settings)
		remembered.write(`picture.${this.key}`, Object.keys(this.own).length ? this.own : null)
	}

	get promptText() {
		if (this.prompt.form === 'own') return this.prompt.text
		return this.picture?.compose[this.prompt.form] ?? ''
	}

	/** Whether the server, told no prompt, takes the very words that are shown. */
	get isStanding() {
		if (!this.picture || this.spoken === this.promptText) return false
		return this.prompt.form === 'sentence' || (this.prompt.form === 'own' && this.prompt.text === this.picture.prompts.at(-1)?.positive)
	}

	get negativeText() {
		return this.prompt.negative ?? this.picture?.compose.negative ?? ''
	}

	/** Whether there are words to work from. */
	get hasWords() {
		return Boolean(this.promptText.trim() || (this.repaint?.id && this.repaint.prompt))
	}

	/** Asks what the server would do; the last question counts. Without words yet it is asked for those that were suggested, to show what it costs. */
	async plan() {
		this.planning?.abort()
		const asking = (this.planning = new AbortController())
		const wish = wishOf(this)
		if (!this.hasWords) wish.prompt = this.picture?.suggested?.positive || 'a photo'
		try {
			const planned = await api.plan(wish, asking.signal)
			if (asking.signal.aborted) return
			if (this.hasWords && wish.prompt === undefined && planned.order.prompt !== this.promptText) {
				// It would take other words than the person sees: these have to be said.
				this.spoken = this.promptText
				return this.plan()
			}
			Object.assign(this, { planned, refusal: null })
		} catch (error) {
			if (error.name === 'AbortError') return
			this.refusal = error
		}
		this.tell('plan')
	}

	// MARK: Screening

	/** One after the other: a decision is answered before the next one is sent, so that their order is the person's. */
	decide(changes) {
		this.#expect(changes)
		return this.#screen(() => api.decide(this.id, changes))
	}

	approveAbove(confidence) {
		return this.#screen(() => api.approveAbove(this.id, confidence))
	}

	undo() {
		return this.#screen(() => api.undoDecision(this.id))
	}

	/** Shows at once what will most likely be; the answer corrects it. */
	#expect(changes) {
		const states = { approve: 'approved', reject: 'rejected', reset: 'pending', edit: 'approved' }
		for (const change of changes) {
			const one = this.picture.suggestions.find((known) => known.tag === change.tag)
			if (!one) continue
			one.state = states[change.action] ?? one.state
			if (change.text !== undefined) one.text = change.text
			if (change.weight !== undefined) one.weight = change.weight
		}
		this.tell('suggestions')
	}

	#screen(ask) {
		this.deciding = this.deciding.then(async () => {
			try {
				const answer = await ask()
				Object.assign(this.picture, { suggestions: answer.suggestions, counts: answer.counts, compose: answer.compose })
				// What is decided after a written prompt counts more than that prompt.
				if (this.prompt.form === 'own' && this.prompt.text === this.picture.prompts.at(-1)?.positive) this.prompt.form = remembered.read('form', 'sentence')
			} catch (error) {
				complain(error)
				await this.load().catch(() => {})
			}
			this.tell('suggestions')
			this.tell('prompt')
			this.planSoon()
		})
		return this.deciding
	}

	/** What another tab decided. */
	async refresh() {
		await this.deciding
		await this.load()
		this.tell('suggestions')
		this.tell('prompt')
		this.planSoon()
	}

	// MARK: Making

	async order(change = {}) {
		await this.repaint?.flush()
		const job = await api.order({ ...wishOf(this), ...change })
		state.jobs.set(job.id, { ...job, ...state.jobs.get(job.id) })
		this.watched = job.id
		this.tell('watched')
		return job
	}

	select(selected) {
		this.selected = selected
		this.watched = null
		this.tell('selected')
	}

	get selectedGeneration() {
		return this.selected ? this.results.find((one) => one.id === this.selected.generation) : null
	}
}
