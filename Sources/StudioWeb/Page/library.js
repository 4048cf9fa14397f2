// The start: every picture, found by words, state and stars.
import * as api from './api.js'
import { fill, h, later, Scope, say, set } from './dom.js'
import { VirtualGrid } from './gallery.js'
import { icon } from './icons.js'
import { pickPictures, takeFolder } from './intake.js'
import { complain, emptyState, sentence } from './notices.js'
import { addresses } from './router.js'
import { on, state } from './store.js'
import { text } from './text.js'

const mostPainted = 24
const filter = { query: '', state: '', stars: '', order: 'newest' }

export function libraryView() {
	const scope = new Scope()
	const find = h('input', { type: 'search', id: 'search', placeholder: text.library.search, 'aria-label': text.library.search, value: filter.query, autocomplete: 'off' })
	const states = h(
		'div.segments',
		{ role: 'group', 'aria-label': text.library.filter },
		Object.entries(text.library.states).map(([value, label]) =>
			h('button', { data: { value }, 'aria-pressed': String(filter.state === value), onclick: () => choose({ state: value }) }, label),
		),
	)
	const stars = choice(text.library.stars, text.library.starChoices, 'stars')
	const order = choice(text.library.order, text.library.orders, 'order')
	const count = h('p.quiet', { role: 'status', id: 'count' })
	const progress = h('p.intake', { role: 'status', hidden: true })
	const looking = h('p.intake', { id: 'looking', hidden: true })
	const empty = h('div')
	const painted = h('section.painted', { id: 'painted', hidden: true, 'aria-labelledby': 'painted-title' })
	let paintedTurn = 0
	const grid = new VirtualGrid({
		load: (offset, limit) => api.pictures({ ...filter, ...asked(filter.query), offset, limit }).then((answer) => ({ total: answer.total, items: answer.pictures })),
		tile,
		label: text.library.label,
		onTotal: showTotal,
	})
	const isFiltered = () => Boolean(filter.query || filter.state || filter.stars)

	function choice(label, options, key) {
		const select = h(
			'select',
			{ 'aria-label': label, onchange: () => choose({ [key]: select.value }) },
			Object.entries(options).map(([value, words]) => h('option', { value, selected: filter[key] === value }, words)),
		)
		return select
	}

	function choose(change) {
		Object.assign(filter, change)
		for (const button of states.children) set(button, 'aria-pressed', String(button.dataset.value === filter.state))
		scrollTo({ top: 0 })
		ask()
	}

	const ask = () => Promise.all([grid.reload(), askPainted()]).catch(complain)
	const askSoon = later(250, ask)

	/** What was painted from these words stands apart: it has no tags and nothing to screen. */
	async function askPainted() {
		const turn = ++paintedTurn
		const isAsked = filter.query && !filter.state && !asked(filter.query).tag
		const answer = isAsked ? await api.generations({ query: filter.query, kind: 'paint', stars: filter.stars, limit: mostPainted }) : { generations: [] }
		if (turn !== paintedTurn) return
		const found = answer.generations.filter((one) => one.status === 'done' && one.outputs.length > 0)
		set(painted, 'hidden', found.length === 0)
		fill(painted, found.length > 0 && [h('h2', { id: 'painted-title' }, text.library.painted), h('div.painted-list', { role: 'list' }, found.map(paintedTile))])
	}

	function showTotal(total) {
		say(count, isFiltered() ? text.library.found(total) : text.library.total(total))
		const nothing = total === 0
		for (const part of [head, tools]) set(part, 'hidden', nothing && !isFiltered())
		fill(empty, nothing && (isFiltered() ? nothingFound() : welcome()))
	}

	const nothingFound = () =>
		emptyState({
			title: text.library.nothingFound,
			body: text.library.nothingFoundBody,
			sign: 'search',
			actions: [
				h(
					'button.button',
					{ onclick: () => {
							find.value = ''
							choose({ query: '', state: '', stars: '' })
							stars.value = ''
						},
					},
					text.library.showAll,
				),
			],
		})

	const welcome = () =>
		h(
			'section.welcome',
			h('h1', text.library.welcome),
			h('p.lead', text.library.welcomeBody),
			h('button.drop-place', { onclick: pickPictures }, icon('upload'), h('strong', text.library.dropHere), h('span', text.library.dropMore)),
			h('ol.walk', text.library.walk.map(([title, body]) => h('li', h('strong', title), h('span', body)))),
			folders(),
			h('p.quiet', text.library.orWords, ' ', h('a', { href: '#' + addresses.paint }, text.library.paintLink)),
		)

	const folders = () => state.status.folders.map((folder) => h('button.button', { onclick: () => takeFolder(folder) }, icon('folder'), text.library.folder(folder.name)))

	const head = h(
		'div.library-head',
		h('div', h('h1.visually-hidden', text.library.title), count),
		h('div.row', folders(), h('button.button.primary', { id: 'add', onclick: pickPictures }, icon('plus'), text.library.add)),
	)
	const tools = h('div.library-tools', h('div.search-field', icon('search'), find), states, h('div.row', stars, order))
	const node = h(
		'div.library',
		head,
		tools,
		progress,
		looking,
		painted,
		empty,
		grid.node,
	)
	for (const part of [head, tools]) set(part, 'hidden', state.status.pictures === 0)

	scope.listen(find, 'input', later(200, () => choose({ query: find.value.trim() })))
	scope.add(on('library', askSoon))
	scope.add(on('reload', askSoon))
	scope.add(
		on('picture', (picture) => {
			if (!grid.replace(picture)) askSoon()
		}),
	)
	scope.add(
		on('intake', (news) => {
			set(progress, 'hidden', !news)
			if (news) fill(progress, h('span', text.intake.progress(news.done, news.total)), h('progress', { max: news.total, value: news.done }))
		}),
	)
	const showLooking = () => {
		const news = state.status.analysis
		set(looking, 'hidden', !news.total)
		if (news.total) fill(looking, h('span', text.intake.looking(news)), h('progress', { max: news.total, value: news.done, 'aria-label': text.queue.progress }))
	}
	for (const topic of ['analysis', 'status']) scope.add(on(topic, showLooking))
	showLooking()
	scope.add(() => grid.end())
	ask()
	return { node, end: () => scope.end() }
}

/** `tag:cat` asks for a tag, all else for words. */
function asked(query) {
	const tag = /(?:^|\s)tag:(?:"([^"]+)"|(\S+))/.exec(query)
	return tag ? { tag: tag[1] ?? tag[2], query: query.replace(tag[0], ' ').trim() } : {}
}

function tile(picture) {
	if (!picture) return h('div.tile.waiting', h('div.tile-picture'))
	const { approved, pending } = picture.counts
	const busy = picture.analysis === 'running' || picture.analysis === 'waiting'
	const damaged = picture.damaged && sentence(picture.damaged)
	const note =
		picture.analysis === 'failed'
			? text.library.tile.failed
			: busy
				? text.library.tile[picture.analysis]
				: pending
					? text.library.tile.pending(pending)
					: approved
						? text.library.tile.screened
						: text.library.tile.nothing
	return h(
		'a',
		{ class: `tile${busy ? ' busy' : ''}`, href: '#' + addresses.picture(picture.id), data: { picture: picture.id } },
		h(
			'div.tile-picture',
			h('img', { src: api.thumbnailAddress(picture), alt: '', loading: 'lazy', decoding: 'async', width: picture.width, height: picture.height }),
			picture.generations > 0 && h('span.badge', text.library.tile.results(picture.generations)),
			picture.bestStars > 0 && h('span.badge.stars', '★'.repeat(picture.bestStars)),
		),
		h('div.tile-name', picture.name),
		h('div', { class: `tile-note ${damaged || picture.analysis === 'failed' ? 'bad' : ''}`, title: damaged || null }, damaged || (picture.prompt && !pending ? picture.prompt : note)),
	)
}

function paintedTile(generation) {
	const output = generation.outputs[0]
	return h(
		'div',
		{ role: 'listitem' },
		h(
			'a.tile',
			{ href: '#' + addresses.result(null, generation.id, 0), data: { generation: generation.id } },
			h(
				'div.tile-picture',
				h('img', { src: api.outputAddress(output, 'thumbnail'), alt: '', loading: 'lazy', decoding: 'async', width: output.width, height: output.height }),
				generation.stars > 0 && h('span.badge.stars', '★'.repeat(generation.stars)),
			),
			h('div.tile-name', generation.prompt),
			h('div.tile-note', generation.model),
		),
	)
}
