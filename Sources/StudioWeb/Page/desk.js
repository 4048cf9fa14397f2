// The desk: what was seen on the left, the picture in the middle, what will be made on the right. On a phone one after the other.
import * as api from './api.js'
import { h, later, Scope, say, set } from './dom.js'
import { Desk } from './desk-state.js'
import { menuButton } from './dialog.js'
import { icon } from './icons.js'
import { complain, notice, words } from './notices.js'
import { historyDialog } from './log.js'
import { addresses, go, here, replace } from './router.js'
import { save } from './save.js'
import { resultsPanel } from './results.js'
import { screeningPanel } from './screening.js'
import { settingsPanel } from './settings.js'
import { stagePanel } from './stage.js'
import { isOver, on, state, tell } from './store.js'
import { text } from './text.js'

export async function deskView(id) {
	const desk = await Desk.opened(id)
	await desk.loadResults().catch(complain)
	const scope = new Scope()
	const hasPicture = id !== null

	const stage = stagePanel(desk, scope)
	const results = resultsPanel(desk, scope)
	const settings = settingsPanel(desk, scope)
	const screening = hasPicture ? screeningPanel(desk, scope) : null

	const title = h('h1.desk-title')
	const facts = h('p.desk-facts')
	const showHead = () => {
		say(title, hasPicture ? desk.picture.name : text.desk.paintTitle)
		say(facts, hasPicture ? text.desk.facts(desk.picture.width, desk.picture.height) : text.desk.paintFacts)
	}
	const { parent, enlargedFrom } = desk.picture ?? {}
	const origin = (parent || enlargedFrom) && h('a.origin', { href: '#' + (enlargedFrom ? addresses.picture(enlargedFrom) : addresses.history) }, parent ? text.desk.origin(parent) : text.desk.enlargedFrom)
	if (parent) api.generation(parent).then((made) => made.picture && set(origin, 'href', '#' + addresses.result(made.picture, parent, 0)), () => {})
	const head = h(
		'div.desk-head',
		h('a.icon-button', { href: '#' + addresses.library, tip: text.desk.back }, icon('back')),
		h('div.desk-name', title, facts, origin),
		hasPicture &&
			menuButton({
				label: text.desk.more,
				entries: () => [
					{ label: text.desk.log, icon: 'history', run: () => historyDialog(desk) },
					{ label: text.desk.analyzeAgain, icon: 'eye', run: () => api.analyze(id).then(() => notice(text.desk.analyzing), complain) },
					{ label: text.desk.saveFile, icon: 'download', run: () => save(api.fileAddress(desk.picture), desk.picture.name) },
					{ label: text.desk.savePrompt, icon: 'paste', run: () => savePrompt(desk) },
					{ label: text.desk.saveJSON, icon: 'download', run: () => save(api.exportAddress(id), `${desk.picture.name}.json`) },
					{ label: text.desk.discard, icon: 'trash', danger: true, run: discard },
				],
			}),
	)

	const panels = hasPicture ? ['stage', 'screening', 'settings'] : ['stage', 'settings']
	const node = h('div', { class: `desk${hasPicture ? '' : ' without-picture'}`, data: { panel: hasPicture ? 'stage' : 'settings' } })
	const tabs = h(
		'nav.desk-tabs',
		{ 'aria-label': text.desk.tabs },
		panels.map((panel) =>
			h(
				'button',
				{ data: { panel }, onclick: () => showPanel(panel) },
				icon({ stage: 'picture', screening: 'tags', settings: 'settings' }[panel]),
				h('span', text.desk.panels[panel]),
			),
		),
	)
	function showPanel(panel) {
		node.dataset.panel = panel
		for (const button of tabs.children) set(button, 'aria-pressed', String(button.dataset.panel === panel))
		scrollTo({ top: 0 })
		dispatchEvent(new Event('resize'))
	}
	showPanel(node.dataset.panel)
	node.append(
		head,
		...(screening ? [h('section.panel.screening', { 'aria-label': text.desk.panels.screening }, screening.node)] : []),
		h('section.panel.middle', { 'aria-label': text.desk.panels.stage }, stage.node, results.node),
		settings.node,
		tabs,
	)

	async function discard() {
		try {
			await api.discardPicture(id)
			go(addresses.library)
			tell('library')
			notice(text.desk.discarded(desk.picture.name), {
				label: text.common.undo,
				action: () => api.restorePicture(id).then(() => go(addresses.picture(id)), complain),
			})
		} catch (error) {
			complain(error)
		}
	}

	showHead()
	let heard = null
	/** Asks once for all news that come together; news that are known already do not speak for the others. */
	const refreshSoon = later(120, () => {
		const news = heard
		heard = null
		desk.refresh(news).then(showHead, complain)
	})
	const refresh = (news = {}) => {
		// Where one of them has no numbers, all of them may say anything.
		const latest = (key) => (heard[key] === undefined || news[key] === undefined ? undefined : Math.max(heard[key] ?? 0, news[key] ?? 0))
		heard = heard ? { lastDecision: latest('lastDecision'), lastPrompt: latest('lastPrompt') } : news
		refreshSoon()
	}
	const reloadResults = later(60, () => desk.loadResults().catch(complain))
	scope.add(on('picture', (news) => {
		if (news.id !== id) return
		const isSame = news.analysis === desk.picture.analysis && news.generations === desk.picture.generations
		refresh(isSame ? news : {})
		Object.assign(desk.picture, { analysis: news.analysis, message: news.message })
		desk.tell('analysis')
	}))
	scope.add(on('decision', (news) => {
		if (news.picture === id) refresh(news)
	}))
	scope.add(on('generation', (news) => {
		if ((news.picture ?? null) === id) reloadResults()
	}))
	scope.add(on('reload', () => {
		if (hasPicture) refresh()
		reloadResults()
	}))
	/** However it is heard that the watched job is over: told as it happens, or asked for after the page was away. */
	function settle() {
		const job = state.jobs.get(desk.watched)
		if (!job || !isOver(job) || settling === job.id) return
		if (job.state === 'done' && job.generation) {
			settling = job.id
			desk.loadResults().then(() => {
				if (desk.watched === job.id) desk.select({ generation: job.generation, number: 0 })
			}, complain).finally(() => (settling = null))
			return
		}
		if (job.state === 'failed') notice(words(new api.Refusal(500, job.message ?? text.errors.failed)), { kind: 'bad' })
		desk.watched = null
		desk.tell('watched')
	}
	let settling = null
	scope.add(on('jobs', settle))
	scope.add(desk.on('watched', settle))
	scope.add(desk.on('watched', () => desk.watched && innerWidth < 800 && showPanel('stage')))
	scope.add(desk.on('selected', () => {
		if (here().name !== (hasPicture ? 'picture' : 'paint')) return
		const { selected } = desk
		if (selected) replace(addresses.result(id, selected.generation, selected.number))
		else if (!desk.repaint) replace(addresses.desk(id))
	}))
	scope.listen(document, 'desk-panel', (event) => showPanel(event.detail))

	// What was told while this was being loaded is asked for.
	if (hasPicture && (desk.picture.analysis === 'waiting' || desk.picture.analysis === 'running')) refresh()
	desk.plan()
	return {
		node,
		begin: followAddress,
		followAddress,
		end: () => {
			scope.end()
			stage.end()
			desk.end()
		},
	}

	function followAddress(place) {
		if (place.parts[1] === 'brush') {
			stage.openBrush(place.search.get('mask'))
			return
		}
		const result = place.search.get('result')
		if (result) {
			const [generation, number] = result.split('.').map(Number)
			if (desk.results.some((one) => one.id === generation)) desk.select({ generation, number: number || 0 })
		} else stage.showPicture()
	}
}

function savePrompt(desk) {
	const words = `${desk.promptText}\nNegative prompt: ${desk.negativeText}\n`
	const address = URL.createObjectURL(new Blob([words], { type: 'text/plain' }))
	save(address, `${desk.picture.name}.txt`)
	setTimeout(() => URL.revokeObjectURL(address), 10000)
}

