// What lies on the desk: one picture (or none, for painting from words), what the person set, what was planned and made.
import * as api from './api.js'
import { later } from './dom.js'
import { complain } from './notices.js'
import { remembered, state } from './store.js'
import { wishOf } from './wish.js'

/** As many results stand on the desk; the history has the rest. */
const mostResults = 300
const pageLength = 300

/** What belongs to one picture alone; all other settings go from picture to picture. */
const ownKeys = new Set(['size', 'strength', 'repaintStrength', 'drafts'])

/** The model that the prompt is composed for: the one that was chosen, where it is here; undefined: the one that was suggested. */
const composedFor = ({ model }) => (state.models.some((one) => one.name === model && one.installed) ? model : undefined)

export class Desk {
	/** @param id of the picture; null for painting from words */
	static async opened(id) {
		return new Desk(id, id === null ? null : await api.picture(id, composedFor(remembered.read('settings', {}))))
	}

	constructor(id, picture) {
		this.id = id
		/** The picture with all that is known of it; null where there is none. */
		this.picture = picture
		/** What is kept of it on this device is kept under its bytes: in another library its number is another picture's. */
		this.key = picture?.sha256 ?? 'none'
		// Drafts belong to one picture; an earlier version kept them with what all have.
		const { drafts, ...settings } = remembered.read('settings', {})
		/** What the person set, and nothing else: what is not here, the server decides. */
		this.settings = settings
		/** What belongs to this picture alone. */
		this.own = remembered.read(`picture.${this.key}`, {})
		/** The forms that the person chose here, by the form that the model wants. */
		this.forms = {}
		/** Which text is sent: `phrase`, `tags` and `sentence` are composed of what is approved, `own` was written by hand. */
		this.prompt = { form: id === null || this.own.text ? 'own' : this.usualForm, text: this.own.text ?? '', negative: this.own.negative ?? null }
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
		/** Whether words were typed that are not yet kept as a version of the prompt. */
		this.isTyping = false
		this.planSoon = later(180, () => this.plan())
		this.planning = null
		this.writing = Promise.resolve()
		/** Number of the last decision that what is shown here contains; null where the server does not say. */
		this.lastDecision = null
		if (!picture) return
		this.#sawDecision(picture)
		this.#standingPrompt()
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
		const known = this.promptNumber
		const model = composedFor(this.settings)
		this.picture = await api.picture(this.id, model)
		if (model !== composedFor(this.settings)) this.#recompose()
		this.#takeUsualForm()
		this.#sawDecision(this.picture)
		this.#standingPrompt(known)
		this.tell('picture')
	}

	#sawDecision({ lastDecision }) {
		if (lastDecision !== undefined) this.lastDecision = Math.max(lastDecision ?? 0, this.lastDecision ?? 0)
	}

	/** Number of the latest version of the prompt that is known here; 0 where there is none. */
	get promptNumber() {
		return this.picture?.prompts.at(-1)?.version ?? 0
	}

	/**
	 * A prompt that was written by hand or recovered stands until something is decided after it. What the person wrote here stays, unless
	 * it was kept as a version and another one came after it.
	 *
	 * @param known number of the version that was known here before; undefined where the picture was only just opened
	 */
	#standingPrompt(known) {
		const latest = this.picture.prompts.at(-1)
		if (!latest || latest.source === 'composed') return
		if (known === undefined ? this.own.text !== undefined : this.isTyping || latest.version <= known) return
		const decided = this.picture.suggestions.map((one) => one.decidedAt ?? '').reduce((a, b) => (a > b ? a : b), '')
		if (decided > latest.created) return
		const negative = latest.negative === this.picture.compose.negative ? null : latest.negative
		Object.assign(this.prompt, { form: 'own', text: latest.positive, negative })
		if (this.own.text === undefined) return
		Object.assign(this.own, { text: latest.positive, negative: negative ?? undefined })
		this.#keep()
	}

	async loadResults() {
		const asked = (this.asked = this.#latestResults())
		const results = await asked
		// Where it was asked again meanwhile, that answer counts.
		if (asked !== this.asked) return void (await this.asked)
		this.results = results
		if (this.selected && !this.results.some((one) => one.id === this.selected.generation)) this.selected = null
		this.tell('results')
	}

	/** What was made of the picture; without one, what was painted from words. */
	async #latestResults() {
		const found = []
		for (let offset = 0, total = 1; offset < total && found.length < mostResults; offset += pageLength) {
			const answer = await api.generations({ picture: this.id, kind: this.id === null && 'paint', offset, limit: pageLength })
			found.push(...answer.generations.filter((one) => one.status === 'done'))
			total = answer.total
		}
		return found
	}

	/** What the person set under a key; undefined where the server decides. */
	said(key) {
		return (ownKeys.has(key) ? this.own : this.settings)[key]
	}

	set(change) {
		const model = composedFor(this.settings)
		for (const [key, value] of Object.entries(change)) {
			const keeper = ownKeys.has(key) ? this.own : this.settings
			if (value === undefined || value === null || value === '') delete keeper[key]
			else keeper[key] = value
		}
		this.#keep()
		if (composedFor(this.settings) !== model) this.#recompose()
		this.tell('settings')
		this.planSoon()
	}

	/** The approved words as another model wants them; what was written by hand stays. */
	#recompose() {
		if (this.id === null) return
		this.deciding = this.deciding.then(async () => {
			try {
				this.picture.compose = await api.compose(this.id, composedFor(this.settings))
			} catch (error) {
				return complain(error)
			}
			this.#takeUsualForm()
			this.tell('prompt')
			this.planSoon()
		})
	}

	/** All settings of a wish that was kept or pasted; what it does not name goes back to the default. */
	takeWish(wish) {
		const { prompt, negative, strength, size, drafts, picture, mask, invert, mode, seed, strengths, ...rest } = wish
		const model = composedFor(this.settings)
		this.settings = rest
		if (seed !== undefined && seed !== null) this.settings.seed = seed
		if (prompt) {
			Object.assign(this.prompt, { form: 'own', text: prompt })
			if (negative != null) this.prompt.negative = negative
		}
		this.own = { ...(strength == null ? {} : { [mask ? 'repaintStrength' : 'strength']: strength }), ...(size == null ? {} : { size }) }
		// What a mask covers has drafts only if it is made nearly anew, and there they are usual.
		if (drafts != null && (this.id === null || rest.firstSide > 0)) this.own.drafts = drafts
		this.#keepPrompt()
		if (composedFor(this.settings) !== model) this.#recompose()
		this.tell('prompt')
		this.tell('settings')
		this.planSoon()
	}

	setPrompt(change) {
		Object.assign(this.prompt, change)
		if (change.form && change.form !== 'own') {
			const wanted = this.picture.compose.form
			this.forms[wanted] = change.form
			remembered.write(`form.${wanted}`, change.form)
		}
		this.#keepPrompt()
		this.tell('prompt')
		this.planSoon()
	}

	/** What the person types: it is not replaced by anything until it was kept. */
	typePrompt(change) {
		this.isTyping = this.id !== null
		this.setPrompt(change)
	}

	/** Keeps what was typed as a version of the picture's prompt. */
	writePrompt() {
		if (this.id === null || this.prompt.form !== 'own' || !this.prompt.text.trim()) {
			this.isTyping = false
			return
		}
		const { text: positive, negative } = this.prompt
		this.writing = this.writing
			.then(() => api.writePrompt(this.id, negative === null ? { positive } : { positive, negative }))
			.then((version) => {
				this.picture.prompts.push(version)
				if (this.prompt.text === positive && this.prompt.negative === negative) this.isTyping = false
			}, complain)
	}

	#keepPrompt() {
		this.own.text = this.prompt.form === 'own' && this.prompt.text ? this.prompt.text : undefined
		this.own.negative = this.prompt.negative ?? undefined
		this.#keep()
	}

	#keep() {
		remembered.write('settings', this.settings)
		remembered.write(`picture.${this.key}`, Object.values(this.own).some((value) => value !== undefined) ? this.own : null)
	}

	/** The form that the model wants, or that the person chose last where models want that one. */
	get usualForm() {
		const wanted = this.picture.compose.form
		return this.forms[wanted] ?? remembered.read(`form.${wanted}`, wanted)
	}

	/** Which model is suggested, and so which form is usual, an analysis may only say after the picture was opened. */
	#takeUsualForm() {
		if (this.prompt.form !== 'own') this.prompt.form = this.usualForm
	}

	get promptText() {
		if (this.prompt.form === 'own') return this.prompt.text
		return this.picture?.compose[this.prompt.form] ?? ''
	}

	/** What the person wrote last, though a composed form is shown now; '' where nothing was written. */
	get ownWords() {
		return this.prompt.text || (this.picture?.prompts.findLast((one) => one.source !== 'composed')?.positive ?? '')
	}

	/** Whether the server, told no prompt, takes the very words that are shown. */
	get isStanding() {
		if (!this.picture || this.spoken === this.promptText) return false
		return this.prompt.form === 'own' && this.prompt.text === this.picture.prompts.at(-1)?.positive
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
		return this.#screen((model) => api.decide(this.id, changes, model))
	}

	approveAbove(confidence) {
		return this.#screen((model) => api.approveAbove(this.id, confidence, model))
	}

	undo() {
		return this.#screen((model) => api.undoDecision(this.id, model))
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
				const answer = await ask(composedFor(this.settings))
				Object.assign(this.picture, { suggestions: answer.suggestions, counts: answer.counts, compose: answer.compose })
				this.#sawDecision(answer)
				// What is decided after a written prompt counts more than that prompt.
				if (this.prompt.form === 'own' && this.prompt.text === this.picture.prompts.at(-1)?.positive) this.setPrompt({ form: this.usualForm })
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

	/**
	 * Whether news of the picture say nothing that this page does not show already, since it was its own doing. Both numbers only grow; news
	 * without them may say anything.
	 */
	#isKnown(news) {
		if (news.lastDecision === undefined || news.lastPrompt === undefined || this.lastDecision === null) return false
		return (news.lastDecision ?? 0) <= this.lastDecision && (news.lastPrompt ?? 0) <= this.promptNumber
	}

	/** Takes over what another tab or program did. The page's own requests are answered first, to tell its own doing from that. */
	async refresh(news = {}) {
		await Promise.all([this.deciding, this.writing])
		if (this.#isKnown(news)) return
		await this.load()
		this.#sawDecision(news)
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
