// What was made of the picture: as a strip, a grid or sheets; and what can be done with the one that is looked at.
import * as api from './api.js'
import { fill, h, later, say, set } from './dom.js'
import { confirmed, menuButton } from './dialog.js'
import { icon, tool } from './icons.js'
import { complain, notice, sentence } from './notices.js'
import { addresses, go } from './router.js'
import { save } from './save.js'
import { sheetTable } from './sheets.js'
import { isOver, on, remembered, state } from './store.js'
import { text } from './text.js'
import { anySeed, repaintKeys } from './wish.js'

const mostSheets = 20

/** Of a wish, what belongs to that one picture, to its mask or to a series: a variation of the result has none of it. */
const ofItsOwn = new Set(['mode', 'picture', 'mask', 'invert', 'seed', 'strength', 'strengths', 'count', 'drafts', ...repaintKeys])

export function resultsPanel(desk, scope) {
	let layout = remembered.read('layout', 'strip')
	let wanted = '0'
	/** As last heard of the server; null where that was not asked yet. */
	let sheets = null
	const count = h('h2')
	const layouts = h(
		'div.segments.small',
		{ role: 'group', 'aria-label': text.results.layouts },
		['strip', 'grid', 'sheets'].map((name) =>
			h(
				'button',
				{
					data: { name },
					onclick: () => {
						layout = name
						remembered.write('layout', name)
						show()
					},
				},
				text.results.layout[name],
			),
		),
	)
	const starFilter = h(
		'select',
		{
			'aria-label': text.results.filter,
			onchange: () => {
				wanted = starFilter.value
				show()
			},
		},
		['0', 'kept', '1', '2', '3', '4', '5'].map((value) => h('option', { value }, value === 'kept' ? text.results.kept : value === '0' ? text.results.all : text.results.atLeast(value))),
	)
	const list = h('div.result-list', { role: 'list', 'aria-label': text.results.title })
	const actions = h('div.result-actions', { hidden: true })
	const node = h('div.results', { hidden: true }, actions, h('div.section-head', count, starFilter, layouts), list)

	const ownJobs = () => [...state.jobs.values()].filter((job) => !isOver(job) && (job.picture ?? null) === desk.id && (desk.id !== null || job.mode === 'paint')).sort((a, b) => b.id - a.id)

	function show() {
		const focused = list.contains(document.activeElement) ? document.activeElement.closest('.result') : null
		const scrolled = list.scrollLeft
		draw()
		// What is drawn anew under the hand stays where it was, and keeps the focus.
		list.scrollLeft = scrolled
		if (!focused) return
		const { generation, number } = focused.dataset
		list.querySelector(`.result[data-generation="${generation}"]${number === undefined ? '' : `[data-number="${number}"]`}`)?.focus({ preventScroll: true })
	}

	function draw() {
		const jobs = ownJobs()
		const results = desk.results.filter((one) => (wanted === 'kept' ? one.kept : one.stars >= Number(wanted)))
		const pictures = desk.results.reduce((sum, one) => sum + one.outputs.length, 0)
		say(count, text.results.count(pictures))
		node.dataset.layout = layout
		for (const button of layouts.children) set(button, 'aria-pressed', String(button.dataset.name === layout))
		set(node, 'hidden', desk.results.length === 0 && jobs.length === 0)
		if (layout === 'sheets') {
			if (!sheets) loadSheets()
			else fill(list, sheets.length ? sheets.map(ownSheet) : h('p.quiet', text.sheet.none))
		} else {
			fill(
				list,
				jobs.map(jobTile),
				results.flatMap((generation) => generation.outputs.map((output, number) => resultTile(generation, output, number))),
				results.length === 0 && jobs.length === 0 && h('p.quiet', text.results.noneWithStars),
			)
		}
		showActions()
	}

	function loadSheets() {
		api.sheets({ picture: desk.id, painted: desk.id === null && 'true', limit: mostSheets }).then((answer) => {
			sheets = answer.sheets
			if (layout === 'sheets') show()
		}, complain)
	}

	const ownSheet = (sheet) =>
		sheetTable(sheet, (generation) => choose(generation, 0), { selected: desk.selected?.generation, more: tool('trash', text.sheet.drop, () => dropSheet(sheet)) })

	async function dropSheet(sheet) {
		if (await confirmed({ title: text.sheet.drop, body: text.sheet.dropBody, yes: text.sheet.dropYes })) api.dropSheet(sheet.id).catch(complain)
	}

	const sheetsSoon = later(150, () => {
		sheets = null
		if (layout === 'sheets') loadSheets()
	})

	function choose(generation, number) {
		desk.select({ generation, number })
		document.dispatchEvent(new CustomEvent('desk-panel', { detail: 'stage' }))
	}

	function jobTile(job) {
		const tile = h(
			'div.result.making',
			{ role: 'listitem', data: { job: job.id } },
			job.previewAt ? h('img', { src: api.previewAddress(job.id, job.previewAt), alt: text.stage.live }) : h('span.spinner'),
			h('progress', { max: 1, value: job.state === 'running' ? job.progress : 0, 'aria-label': text.queue.progress }),
			tool('cross', text.common.cancel, () => api.cancelJob(job.id).catch(complain)),
		)
		tile.addEventListener('click', (event) => {
			if (event.target.closest('button')) return
			desk.watched = job.id
			desk.tell('watched')
		})
		return tile
	}

	function resultTile(generation, output, number) {
		const isSelected = desk.selected?.generation === generation.id && desk.selected.number === number
		return h(
			'div',
			{ role: 'listitem' },
			h(
				'button.result',
				{ data: { generation: generation.id, number }, 'aria-pressed': String(isSelected), tip: text.results.label(generation, output), onclick: () => choose(generation.id, number) },
				h('img', { src: api.outputAddress(output, 'thumbnail'), alt: '', loading: 'lazy', width: output.width, height: output.height }),
				generation.stars > 0 && h('span.badge.stars', '★'.repeat(generation.stars)),
				(generation.kept || generation.kind === 'repaint') && h('span.badge.sign', icon(generation.kept ? 'bookmark' : 'brush')),
			),
		)
	}

	// MARK: What can be done

	function showActions() {
		const generation = desk.selectedGeneration
		set(actions, 'hidden', !generation)
		if (!generation) return
		const { number } = desk.selected
		const output = generation.outputs[number]
		const action = (label, sign, run, id) => h('button.button.small', { id, onclick: run }, icon(sign), label)
		const hadFocus = actions.contains(document.activeElement) ? document.activeElement.id : null
		fill(
			actions,
			h('div.row', starField(generation), tool('bookmark', text.results.keep, () => change(generation, { kept: !generation.kept }), { id: 'keep', 'aria-pressed': String(generation.kept) }), h('span.quiet.small.facts', text.results.facts(generation, output), output.seed !== null && [' · ', h('button.text-button', { id: 'use-seed', title: text.results.seed, onclick: () => useSeed(output) }, text.results.seedOf(output.seed))])),
			generation.damaged && h('p.small.bad', sentence(generation.damaged)),
			generation.untouched && h('p.proof.small', icon('lock'), text.results.untouched(generation.untouched)),
			h(
				'div.row',
				action(text.results.reference, 'reference', () => useAs(generation, number, (picture) => addresses.picture(picture.id)), 'use-reference'),
				action(text.results.brush, 'brush', () => useAs(generation, number, (picture) => addresses.brush(picture.id)), 'send-to-brush'),
				// What was asked for may not be known any more: then nothing makes it again.
				generation.wish && action(text.results.again, 'again', () => again(generation), 'again'),
				generation.wish && desk.id !== null && action(text.results.vary, 'vary', () => vary(generation, number), 'vary'),
				action(text.results.discard, 'trash', () => discard(generation), 'discard'),
				menuButton({
					label: text.common.more,
					entries: () => [
						...(generation.mask ? [{ label: text.results.mask, icon: 'brush', run: () => go(addresses.brush(desk.id, generation.mask)) }] : []),
						...(generation.wish
							? [
									{ label: text.results.settings, icon: 'settings', run: () => takeSettings(generation) },
									{ label: text.results.same, icon: 'history', run: () => repeat(generation) },
								]
							: []),
						{ label: text.results.save, icon: 'download', run: () => save(api.outputAddress(output), fileName(generation, output)) },
						...(generation.mask ? [{ label: text.results.saveMask, icon: 'download', run: () => save(api.maskAddress(generation.mask), `mask-${generation.id}.png`) }] : []),
					],
				}),
			),
		)
		if (hadFocus) document.getElementById(hadFocus)?.focus({ preventScroll: true })
	}

	function starField(generation) {
		return h(
			'div.stars-field',
			{ role: 'group', 'aria-label': text.results.stars },
			[1, 2, 3, 4, 5].map((stars) =>
				h(
					'button',
					{
						id: `star-${stars}`,
						class: stars <= (generation.stars ?? 0) ? 'lit' : '',
						'aria-label': text.results.star(stars),
						'aria-pressed': String(stars === generation.stars),
						onclick: () => change(generation, { stars: generation.stars === stars ? 0 : stars }),
					},
					icon('star'),
				),
			),
		)
	}

	async function change(generation, what) {
		try {
			Object.assign(generation, await api.changeGeneration(generation.id, what))
			show()
		} catch (error) {
			complain(error)
		}
	}

	async function useAs(generation, number, address) {
		try {
			const picture = await api.takeIn(generation.outputs[number])
			// The words that made it go along: nothing of the new picture is screened yet.
			const words = generation.prompt || desk.promptText
			if (words && !remembered.read(`picture.${picture.sha256}`, null)) remembered.write(`picture.${picture.sha256}`, { text: words })
			go(address(picture))
		} catch (error) {
			complain(error)
		}
	}

	const orderWish = (wish) =>
		api.order(wish).then((job) => {
			desk.watched = job.id
			desk.tell('watched')
		}, complain)

	const again = (generation) => orderWish({ ...generation.wish, seed: anySeed() })
	const repeat = (generation) => orderWish(generation.wish)

	/** The result itself, redrawn as its model usually does. */
	async function vary(generation, number) {
		try {
			const picture = await api.takeIn(generation.outputs[number])
			const wish = Object.fromEntries(Object.entries(generation.wish).filter(([key]) => !ofItsOwn.has(key)))
			const words = generation.prompt || desk.promptText
			if (words) remembered.write(`picture.${picture.sha256}`, { text: words })
			const job = await api.order({ ...wish, prompt: words, picture: picture.id, seed: anySeed() })
			notice(text.results.varying, { label: text.results.look, action: () => go(addresses.picture(job.picture ?? picture.id)) })
		} catch (error) {
			complain(error)
		}
	}

	function useSeed(output) {
		desk.set({ seed: output.seed })
		notice(text.results.seedTaken(output.seed))
	}

	function takeSettings(generation) {
		desk.takeWish(generation.wish)
		notice(text.results.settingsTaken)
	}

	async function discard(generation) {
		try {
			await api.discardGeneration(generation.id)
			if (desk.selected?.generation === generation.id) desk.select(null)
			await desk.loadResults()
			notice(text.results.discarded(generation.outputs.length), {
				label: text.common.undo,
				action: () => api.restoreGeneration(generation.id).then(() => desk.loadResults(), complain),
			})
		} catch (error) {
			complain(error)
		}
	}

	const showSoon = later(40, show)
	scope.add(desk.on('results', show))
	scope.add(desk.on('selected', show))
	for (const topic of ['sheet', 'generation', 'reload']) scope.add(on(topic, sheetsSoon))
	let states = ''
	scope.add(on('jobs', () => {
		const jobs = ownJobs()
		const known = states
		states = jobs.map((job) => `${job.id} ${job.state}`).join()
		// A sheet tells how each of its jobs stands, and nothing of their steps.
		if (layout === 'sheets' && states === known) return
		const tiles = [...list.querySelectorAll('.making')]
		// Steps only move what is there; a job that comes or goes is drawn anew.
		if (layout !== 'sheets' && jobs.length === tiles.length && jobs.every((job, index) => tiles[index].dataset.job === String(job.id) && Boolean(job.previewAt) === Boolean(tiles[index].querySelector('img')))) {
			jobs.forEach((job, index) => {
				tiles[index].querySelector('progress').value = job.state === 'running' ? job.progress : 0
				const image = tiles[index].querySelector('img')
				const address = job.previewAt && api.previewAddress(job.id, job.previewAt)
				if (image && image.getAttribute('src') !== address) image.src = address
			})
		} else showSoon()
	}))
	show()
	return { node }
}

const fileName = (generation, output) => `redraw-${generation.id}-${output.seed ?? output.number}.png`

