// Adding a tag: the vocabulary completes while one types, and says how near each word lies to this picture.
import * as api from './api.js'
import { fill, h, later, set } from './dom.js'
import { tool } from './icons.js'
import { complain } from './notices.js'
import { text } from './text.js'

const limit = 8

export function addTag(desk, scope) {
	const input = h('input', {
		type: 'text',
		id: 'add-tag',
		placeholder: text.addTag.placeholder,
		'aria-label': text.addTag.label,
		role: 'combobox',
		'aria-expanded': 'false',
		'aria-controls': 'completions',
		'aria-autocomplete': 'list',
		autocomplete: 'off',
		autocapitalize: 'off',
		spellcheck: true,
	})
	const list = h('ul.completions', { id: 'completions', role: 'listbox', 'aria-label': text.addTag.completions, hidden: true })
	let options = []
	let at = -1
	let asking = null

	function close() {
		set(list, 'hidden', true)
		set(input, 'aria-expanded', 'false')
		set(input, 'aria-activedescendant', null)
		at = -1
	}

	function point(next) {
		at = next
		;[...list.children].forEach((item, index) => set(item, 'aria-selected', String(index === at)))
		set(input, 'aria-activedescendant', at >= 0 ? `completion-${at}` : null)
		list.children[at]?.scrollIntoView({ block: 'nearest' })
	}

	const ask = later(90, async () => {
		const typed = input.value.trim()
		if (!typed) return close()
		asking?.abort()
		asking = new AbortController()
		try {
			options = await api.vocabulary(typed, desk.id, limit, asking.signal)
		} catch (error) {
			if (error.name !== 'AbortError') complain(error)
			return
		}
		if (input.value.trim() !== typed) return
		const known = options.some((option) => option.tag.toLowerCase() === typed.toLowerCase())
		if (!known) options.push({ tag: typed, own: true })
		const greatest = Math.max(0.001, ...options.map((option) => option.nearness ?? 0))
		fill(
			list,
			options.map((option, index) => {
				const item = h(
					'li',
					{
						role: 'option',
						id: `completion-${index}`,
						'aria-selected': 'false',
						// The press leaves the focus in the field; letting go elsewhere chooses nothing.
						onpointerdown: (event) => event.preventDefault(),
						onclick: () => choose(index),
					},
					h('span.completion-word', option.own ? text.addTag.own(option.tag) : option.tag),
					!option.own && h('span.quiet', text.facets[option.facet] ?? option.facet),
					option.nearness !== null && option.nearness !== undefined && h('span.nearness', { title: text.addTag.nearness(option.nearness, option.confidence) }),
				)
				item.style.setProperty('--near', Math.max(0, option.nearness ?? 0) / greatest)
				return item
			}),
		)
		set(list, 'hidden', false)
		set(input, 'aria-expanded', 'true')
		point(-1)
	})

	function choose(index) {
		const option = index >= 0 ? options[index] : null
		const typed = (option?.tag ?? input.value).trim()
		if (!typed) return
		asking?.abort()
		ask.cancel()
		const colon = /^([a-z]+):\s*(.+)$/i.exec(typed)
		const facet = colon && Object.keys(text.facets).find((name) => name === colon[1].toLowerCase())
		const tag = facet ? colon[2] : typed
		desk.decide([{ action: 'add', tag, ...(facet ? { facet } : option && !option.own ? { facet: option.facet } : {}) }])
		input.value = ''
		close()
		input.focus()
	}

	input.addEventListener('input', ask)
	input.addEventListener('focus', ask)
	input.addEventListener('blur', close)
	input.addEventListener('keydown', (event) => {
		if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
			if (list.hidden) return
			event.preventDefault()
			const by = event.key === 'ArrowDown' ? 1 : -1
			point((at + by + options.length + (at < 0 && by < 0 ? 1 : 0)) % options.length)
		} else if (event.key === 'Enter') {
			event.preventDefault()
			choose(list.hidden ? -1 : at)
		} else if (event.key === 'Escape' && !list.hidden) {
			event.stopPropagation()
			close()
		}
	})
	scope.add(() => asking?.abort())
	return h('div.add-tag', input, tool('plus', text.addTag.add, () => choose(at), { class: 'icon-button' }), list)
}
