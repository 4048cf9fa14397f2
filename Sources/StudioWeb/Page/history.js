// The tree: pictures, what was made of them, and what was made of that.
import * as api from './api.js'
import { fill, h, later, Scope, set } from './dom.js'
import { icon, tool } from './icons.js'
import { complain, emptyState, notice, sentence } from './notices.js'
import { addresses, go } from './router.js'
import { sheetTable } from './sheets.js'
import { on } from './store.js'
import { text } from './text.js'

const pageLength = 100
const mostSheets = 100
/** As many generations as the server gives at once. */
const mostAtOnce = 500

export function historyView() {
	const scope = new Scope()
	let stars = ''
	let loaded = []
	let total = 0
	let sheets = []
	const pictures = new Map()
	const list = h('div.tree')
	const more = h('button.button', { hidden: true, onclick: () => load(loaded.length).catch(complain) }, text.history.older)
	const filter = h(
		'select',
		{
			'aria-label': text.results.filter,
			onchange: () => {
				stars = filter.value
				loaded = []
				load().catch(complain)
			},
		},
		['', 1, 2, 3, 4, 5].map((value) => h('option', { value }, value ? text.results.atLeast(value) : text.results.all)),
	)
	const node = h(
		'div.records',
		h('div.records-head', h('h1', text.history.title), h('div.row', filter, h('a.button', { href: api.exportAddress(), download: 'redraw-library.json' }, icon('download'), text.history.export))),
		list,
		more,
	)

	/** From there on; without an offset anew, as many as stand there already. */
	async function load(offset = 0) {
		const limit = offset ? pageLength : Math.min(mostAtOnce, Math.max(pageLength, loaded.length))
		const [answer, kept] = await Promise.all([api.generations({ stars, offset, limit }), stars ? { sheets: [] } : api.sheets({ limit: mostSheets })])
		sheets = kept.sheets
		loaded = offset ? [...loaded, ...answer.generations] : answer.generations
		total = answer.total
		let wanted = loaded.flatMap((one) => [one.picture, ...one.outputs.map((output) => output.picture)])
		// And what they were enlarged from, however often.
		while ((wanted = [...new Set(wanted)].filter((id) => id && !pictures.has(id))).length) {
			await Promise.all(wanted.map((id) => api.picture(id).then((picture) => pictures.set(id, picture), () => pictures.set(id, null))))
			wanted = wanted.map((id) => pictures.get(id)?.enlargedFrom)
		}
		draw()
	}

	const enlargedFrom = (id) => (pictures.get(pictures.get(id)?.enlargedFrom) ? pictures.get(id).enlargedFrom : null)

	/** Sheets that were unfolded stay so when the tree is drawn anew. */
	let opened = new Set()

	function draw() {
		opened = new Set([...list.querySelectorAll('details[open][data-sheet]')].map((one) => Number(one.dataset.sheet)))
		set(more, 'hidden', loaded.length >= total)
		if (!loaded.length) {
			fill(
				list,
				emptyState({
					title: stars ? text.results.noneWithStars : text.history.empty,
					body: stars ? null : text.history.emptyBody,
					sign: 'history',
					actions: [h('a.button.primary', { href: '#' + addresses.library }, text.history.toLibrary)],
				}),
			)
			return
		}
		const byPicture = grouped(loaded)
		const sheetsByPicture = grouped(sheets)
		// A picture that was itself made hangs under what made it, one that was enlarged under the one it was; all others are roots.
		const made = new Set(loaded.flatMap((one) => one.outputs.map((output) => output.picture)).filter(Boolean))
		const known = new Set(byPicture.keys())
		const larger = new Map()
		for (const id of known) {
			const parent = made.has(id) ? null : enlargedFrom(id)
			if (!parent) continue
			known.add(parent)
			larger.set(parent, [...(larger.get(parent) ?? []), id])
		}
		const roots = [...known].filter((id) => !made.has(id) && !enlargedFrom(id))
		const seen = new Set()
		const branch = (id) => {
			if (seen.has(id)) return null
			seen.add(id)
			const picture = id === null ? null : pictures.get(id)
			const generations = byPicture.get(id) ?? []
			const below = [...(sheetsByPicture.get(id) ?? []).map(sheetLeaf), ...generations.map((generation) => leaf(generation, branch)), ...(larger.get(id) ?? []).map(branch)]
			return h(
				'li.branch',
				h(
					'div.branch-picture',
					picture && h('img', { src: api.thumbnailAddress(picture), alt: '', width: picture.width, height: picture.height, loading: 'lazy' }),
					h(
						'div',
						h('a', { href: '#' + addresses.desk(id) }, id === null ? text.history.fromWords : (picture?.name ?? text.history.gone)),
						h('p.quiet.small', enlargedFrom(id) && text.history.enlarged, text.history.made(generations.length)),
					),
				),
				below.length > 0 && h('ul', below),
			)
		}
		fill(list, h('ul.roots', roots.map(branch)))
	}

	function sheetLeaf(sheet) {
		const choose = (generation) => go(addresses.result(sheet.picture, generation, 0))
		return h('li.leaf', h('details.leaf-body', { data: { sheet: sheet.id }, open: opened.has(sheet.id) }, h('summary', text.history.sheet(sheet)), sheetTable(sheet, choose)))
	}

	function leaf(generation, branch) {
		const children = generation.outputs.map((output) => output.picture).filter((id) => id)
		return h(
			'li.leaf',
			{ data: { generation: generation.id } },
			h(
				'div.leaf-body',
				h(
					'div.leaf-pictures',
					generation.outputs.slice(0, 6).map((output, number) =>
						h(
							'a',
							{ href: '#' + addresses.result(generation.picture, generation.id, number), 'aria-label': text.results.label(generation, output) },
							h('img', { src: api.outputAddress(output, 'thumbnail'), alt: '', width: output.width, height: output.height, loading: 'lazy' }),
						),
					),
				),
				h(
					'div.leaf-words',
					h('p.written', generation.prompt || (generation.wish ? '' : text.history.unknown)),
					h('p.quiet.small', text.history.facts(generation)),
					generation.status === 'running' && h('p.quiet.small', text.history.running),
					!['done', 'running'].includes(generation.status) && h('p.small.bad', text.history.failed(generation)),
					generation.damaged && h('p.small.bad', sentence(generation.damaged)),
				),
				h(
					'div.row',
					generation.stars > 0 && h('span.lit-stars', { role: 'img', 'aria-label': text.results.star(generation.stars) }, '★'.repeat(generation.stars)),
					generation.wish && h('button.button.small', { title: text.history.repeatHint, onclick: () => repeat(generation) }, icon('again'), text.history.repeat),
					tool('trash', text.results.discard, () => discard(generation)),
				),
			),
			children.length > 0 && h('ul', children.map(branch)),
		)
	}

	async function repeat(generation) {
		try {
			const job = await api.order(generation.wish)
			notice(text.history.ordered, { label: text.results.look, action: () => go(addresses.desk(job.picture)) })
		} catch (error) {
			complain(error)
		}
	}

	async function discard(generation) {
		try {
			await api.discardGeneration(generation.id)
			await load()
			notice(text.results.discarded(generation.outputs.length), { label: text.common.undo, action: () => api.restoreGeneration(generation.id).then(() => load(), complain) })
		} catch (error) {
			complain(error)
		}
	}

	const again = later(150, () => load().catch(complain))
	for (const topic of ['generation', 'sheet', 'reload']) scope.add(on(topic, again))
	load().catch((error) => {
		complain(error)
		draw()
	})
	return { node, end: () => scope.end() }
}

function grouped(records) {
	const groups = new Map()
	for (const one of records) groups.set(one.picture ?? null, [...(groups.get(one.picture ?? null) ?? []), one])
	return groups
}
