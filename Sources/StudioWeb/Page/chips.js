// Tags as chips, by facet. One of them has the focus; the keyboard does the rest.
import { openChipCard, weighed } from './chip-card.js'
import { h, say, set } from './dom.js'
import { icon } from './icons.js'
import { state } from './store.js'
import { text } from './text.js'

const weightStep = 0.1

export function chipBoard(desk, scope) {
	const node = h('div.board', { id: 'board', tabindex: -1 })
	const groups = new Map()
	const chips = new Map()
	let currentTag = null

	const words = () => [...node.querySelectorAll('.chip-word')]
	const suggestion = (tag) => desk.picture.suggestions.find((one) => one.tag === tag)

	function group(facet) {
		if (groups.has(facet)) return groups.get(facet)
		const name = text.facets[facet] ?? facet
		const list = h('ul.chips', { 'aria-label': name })
		const made = { node: h('section.facet', { data: { facet } }, h('h3', name), list), list }
		groups.set(facet, made)
		const order = state.choices.facets
		const place = (known) => (order.includes(known) ? order.indexOf(known) : order.length)
		const next = [...node.children].find((other) => place(other.dataset.facet) > place(facet))
		node.insertBefore(made.node, next ?? null)
		return made
	}

	function chip(tag) {
		const act = (action) => (event) => {
			focusOn(tag)
			const one = suggestion(tag)
			// A second press takes a decision back.
			const undoes = (action === 'approve' && one.state === 'approved') || (action === 'reject' && one.state === 'rejected')
			desk.decide([{ action: undoes ? 'reset' : action, tag }])
			event.stopPropagation()
		}
		const approve = h('button.chip-side.approve', { tabindex: -1, onclick: act('approve') }, icon('check'))
		const reject = h('button.chip-side.reject', { tabindex: -1, onclick: act('reject') }, icon('cross'))
		const label = h('span.chip-text')
		const figure = h('span.chip-figure')
		const word = h('button.chip-word', { tabindex: -1, onclick: () => openChipCard(desk, suggestion(tag), word), onfocus: () => keep(tag) }, label, figure)
		const item = h('li.chip', { data: { tag } }, approve, word, reject)
		return { item, approve, reject, word, label, figure }
	}

	function show() {
		const seen = new Set()
		for (const one of desk.picture.suggestions) {
			seen.add(one.tag)
			let made = chips.get(one.tag)
			if (!made) {
				made = chip(one.tag)
				chips.set(one.tag, made)
				group(one.facet).list.append(made.item)
			}
			const percent = Math.round(one.confidence * 100)
			const own = one.source !== 'vocabulary' && one.rank === null
			set(made.item, 'data-state', one.state)
			made.item.style.setProperty('--confidence', own ? 0 : one.confidence)
			say(made.label, one.text)
			say(made.figure, [one.weight !== 1 && `×${one.weight}`, !own && `${percent}`].filter(Boolean).join(' '))
			const said = text.chips.label(one.text, text.facets[one.facet] ?? one.facet, own ? null : percent, text.chips.states[one.state], one.weight)
			set(made.word, 'aria-label', said)
			set(made.approve, 'aria-label', text.chips.approve(one.text))
			set(made.approve, 'aria-pressed', String(one.state === 'approved'))
			set(made.reject, 'aria-label', text.chips.reject(one.text))
			set(made.reject, 'aria-pressed', String(one.state === 'rejected'))
		}
		for (const [tag, made] of chips) {
			if (seen.has(tag)) continue
			made.item.remove()
			chips.delete(tag)
		}
		for (const [facet, made] of groups) {
			if (made.list.children.length) continue
			made.node.remove()
			groups.delete(facet)
		}
		if (!chips.has(currentTag)) currentTag = words()[0]?.closest('.chip').dataset.tag ?? null
		keep(currentTag)
	}

	function keep(tag) {
		if (chips.has(currentTag)) set(chips.get(currentTag).word, 'tabindex', -1)
		currentTag = tag
		if (chips.has(tag)) set(chips.get(tag).word, 'tabindex', 0)
	}

	function focusOn(tag) {
		keep(tag)
		chips.get(tag)?.word.focus({ preventScroll: false })
	}

	function move(by) {
		const all = words()
		if (!all.length) return
		const at = all.findIndex((word) => word.closest('.chip').dataset.tag === currentTag)
		const hasFocus = document.activeElement !== node && node.contains(document.activeElement)
		const next = all[hasFocus ? Math.min(Math.max(at + by, 0), all.length - 1) : Math.max(at, 0)]
		focusOn(next.closest('.chip').dataset.tag)
		next.scrollIntoView({ block: 'nearest' })
	}

	/** The next one that is still to be screened, else the next one. */
	function advance() {
		const all = words()
		const at = all.findIndex((word) => word.closest('.chip').dataset.tag === currentTag)
		const pending = all.slice(at + 1).find((word) => suggestion(word.closest('.chip').dataset.tag)?.state === 'pending')
		if (pending) focusOn(pending.closest('.chip').dataset.tag)
	}

	function press(key) {
		const one = suggestion(currentTag)
		if (key === 'j' || key === 'ArrowDown' || key === 'ArrowRight') return move(1) ?? true
		if (key === 'k' || key === 'ArrowUp' || key === 'ArrowLeft') return move(-1) ?? true
		if (key === 'u') return desk.undo() && true
		if (!one) return false
		if (key === 'a' || key === 'r') {
			desk.decide([{ action: key === 'a' ? 'approve' : 'reject', tag: one.tag }])
			advance()
		} else if (key === 'e') openChipCard(desk, one, chips.get(one.tag).word)
		else if (key === '+' || key === '=') weigh(one, weightStep)
		else if (key === '-') weigh(one, -weightStep)
		else return false
		return true
	}

	function weigh(one, by) {
		const weight = weighed(one.weight, by)
		if (weight !== one.weight) desk.decide([{ action: 'weigh', tag: one.tag, weight }])
	}

	// Only here: a letter that is spoken to the computer, or struck by chance elsewhere, decides nothing.
	scope.listen(node, 'keydown', (event) => {
		if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return
		if (press(event.key)) event.preventDefault()
	})
	scope.add(desk.on('suggestions', show))
	scope.add(desk.on('picture', show))
	show()
	return node
}
