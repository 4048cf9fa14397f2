// The keys, told on request.
import { h } from './dom.js'
import { dialog } from './dialog.js'
import { text } from './text.js'

export function catchShortcuts() {
	addEventListener('keydown', (event) => {
		if (event.ctrlKey || event.metaKey || event.altKey) return
		if (event.target.closest('input, textarea, select, dialog')) return
		if (event.key === '?') showShortcuts()
		else if (event.key === '/') {
			const search = document.getElementById('search') ?? document.getElementById('add-tag')
			if (!search) return
			search.focus()
		} else return
		event.preventDefault()
	})
}

export function showShortcuts() {
	if (document.querySelector('dialog[open]')) return
	dialog({
		title: text.shortcuts.title,
		wide: true,
		build: () =>
			h(
				'div.shortcuts',
				text.shortcuts.groups.map(([name, keys]) =>
					h('section', h('h3', name), h('dl', keys.map(([key, what]) => [h('dt', key.split(' ').map((one) => h('kbd', one))), h('dd', what)]))),
				),
			),
	})
}
