// What was thrown away, until the bin is emptied.
import * as api from './api.js'
import { fill, h, Scope, set } from './dom.js'
import { confirmed } from './dialog.js'
import { icon } from './icons.js'
import { complain, emptyState, notice } from './notices.js'
import { on, tell } from './store.js'
import { text } from './text.js'

export function binView() {
	const scope = new Scope()
	const list = h('div.bin-list')
	const empty = h('button.button.danger', { id: 'empty-bin', hidden: true, onclick: emptyIt }, icon('trash'), text.bin.empty)
	const node = h('div.records', h('div.records-head', h('h1', text.bin.title), empty), list)
	let count = 0

	async function load() {
		const { pictures = [], generations = [], total } = await api.bin()
		count = total
		set(empty, 'hidden', count === 0)
		fill(
			list,
			count === 0 && emptyState({ title: text.bin.nothing, body: text.bin.nothingBody, sign: 'trash' }),
			pictures.map((picture) => card(api.thumbnailAddress(picture), picture.name, () => api.restorePicture(picture.id))),
			generations.map((generation) => card(generation.outputs[0] && api.outputAddress(generation.outputs[0], 'thumbnail'), generation.prompt || text.bin.result, () => api.restoreGeneration(generation.id))),
		)
	}

	function card(image, name, restore) {
		return h(
			'div.bin-card',
			image ? h('img', { src: image, alt: '' }) : h('span.bin-blank'),
			h('p', name),
			h(
				'button.button.small',
				{ onclick: () =>
						restore().then(() => {
							notice(text.bin.restored)
							tell('library')
							return load()
						}).catch(complain),
				},
				icon('undo'),
				text.bin.restore,
			),
		)
	}

	async function emptyIt() {
		if (!(await confirmed({ title: text.bin.sure(count), body: text.bin.sureBody, yes: text.bin.empty, danger: true }))) return
		try {
			await api.emptyBin()
			tell('library')
			await load()
		} catch (error) {
			complain(error)
		}
	}

	scope.add(on('library', () => load().catch(() => {})))
	scope.add(on('generation', () => load().catch(() => {})))
	load().catch(complain)
	return { node, end: () => scope.end() }
}
