// Everything that happened to one picture, the latest first.
import * as api from './api.js'
import { fill, h } from './dom.js'
import { dialog } from './dialog.js'
import { icon } from './icons.js'
import { words } from './notices.js'
import { text } from './text.js'

const signs = { analysis: 'eye', decision: 'tags', prompt: 'edit', generation: 'picture' }

export function historyDialog(desk) {
	return dialog({
		title: text.log.title(desk.picture.name),
		side: true,
		build: () => {
			const list = h('ol.log')
			api.history({ picture: desk.id, limit: 300 }).then(
				(lines) => fill(list, lines.length ? lines.map(line) : h('li.quiet', text.log.nothing)),
				(error) => fill(list, h('li.bad', words(error))),
			)
			return list
		},
	})
}

function line(entry) {
	return h('li', icon(signs[entry.kind] ?? 'history'), h('div', h('p', text.log.line(entry)), h('time.quiet.small', { datetime: entry.date }, text.common.date(entry.date))))
}
