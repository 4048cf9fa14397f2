// A list of any length: only the rows in sight exist, and only the pages they need were asked for.
import { clamp, eachFrame, fill, h, later } from './dom.js'

const pageLength = 100
const overscan = 2

/**
 * @param load (offset, limit) → { total, items }
 * @param tile (item or null, index) → element
 */
export class VirtualGrid {
	constructor({ load, tile, label, onTotal }) {
		Object.assign(this, { load, tile, onTotal })
		this.node = h('div.virtual', { role: 'list', 'aria-label': label })
		this.items = []
		this.total = null
		this.asked = new Set()
		this.turn = 0
		this.shownTiles = new Map()
		this.draw = eachFrame(() => this.#draw())
		this.fetch = later(60, () => this.#fetch())
		this.observer = new ResizeObserver(() => this.#measure())
		this.observer.observe(this.node)
		addEventListener('scroll', this.draw, { passive: true })
	}

	end() {
		this.observer.disconnect()
		removeEventListener('scroll', this.draw)
	}

	/** Asks anew; what is in sight stays until the answer is there, and what is the same after it as well. */
	async reload() {
		const turn = ++this.turn
		this.asked.clear()
		const first = Math.floor((this.range?.first ?? 0) / pageLength)
		this.asked.add(first)
		const answer = await this.load(first * pageLength, pageLength)
		if (turn !== this.turn) return
		this.#take(first * pageLength, answer)
	}

	/** Puts a changed item in the place of the old one; whether it was there. */
	replace(item) {
		const index = this.items.findIndex((known) => known?.id === item.id)
		if (index < 0) return false
		this.items[index] = item
		const old = this.shownTiles.get(index)
		if (old) {
			const fresh = this.#make(index)
			const hadFocus = old.contains(document.activeElement)
			old.replaceWith(fresh)
			this.shownTiles.set(index, fresh)
			if (hadFocus) fresh.querySelector('a, button')?.focus({ preventScroll: true })
		}
		return true
	}

	#take(offset, { total, items }) {
		const old = this.items
		this.items = []
		items.forEach((item, index) => (this.items[offset + index] = item))
		this.total = total
		this.onTotal?.(total)
		const focused = [...this.shownTiles].find(([, node]) => node.contains(document.activeElement))?.[0]
		for (const [index, node] of this.shownTiles) {
			const isSame = index < total && JSON.stringify(old[index]) === JSON.stringify(this.items[index])
			if (isSame) node.setAttribute('aria-setsize', total)
			else {
				node.remove()
				this.shownTiles.delete(index)
			}
		}
		this.#measure()
		if (focused !== undefined) this.#focus(old[focused]?.id, focused)
	}

	/** Gives the focus back to the item that had it, or to what stands in its place. */
	#focus(id, place) {
		if (this.node.contains(document.activeElement)) return
		this.#draw()
		const index = this.items.findIndex((item) => item && item.id === id)
		const node = this.shownTiles.get(index) ?? this.shownTiles.get(Math.min(place, this.total - 1))
		node?.querySelector('a, button')?.focus({ preventScroll: true })
	}

	#measure() {
		const width = this.node.clientWidth
		if (!width) return
		const style = getComputedStyle(this.node)
		const least = parseFloat(style.getPropertyValue('--tile')) || 200
		const gap = parseFloat(style.getPropertyValue('--gap')) || 16
		const foot = parseFloat(style.getPropertyValue('--tile-foot')) || 0
		const columns = Math.max(2, Math.floor((width + gap) / (least + gap)))
		const side = (width - gap * (columns - 1)) / columns
		Object.assign(this, { columns, gap, side, rowHeight: side * 0.8 + foot + gap, tileHeight: side * 0.8 + foot })
		this.node.style.height = `${Math.max(0, Math.ceil((this.total ?? 0) / columns) * this.rowHeight - gap)}px`
		for (const [index, node] of this.shownTiles) this.#place(node, index)
		this.draw()
	}

	#draw() {
		if (!this.columns || this.total === null) return
		const top = this.node.getBoundingClientRect().top
		const firstRow = clamp(Math.floor(-top / this.rowHeight) - overscan, 0, Infinity)
		const lastRow = Math.floor((innerHeight - top) / this.rowHeight) + overscan
		const first = clamp(firstRow * this.columns, 0, this.total)
		const last = clamp((lastRow + 1) * this.columns, first, this.total)
		this.range = { first, last }
		for (const [index, node] of this.shownTiles) {
			// A tile with the focus stays, or the keyboard would lose its place.
			if ((index < first || index >= last) && !node.contains(document.activeElement)) {
				node.remove()
				this.shownTiles.delete(index)
			}
		}
		let next = null
		for (let index = last - 1; index >= first; index -= 1) {
			let node = this.shownTiles.get(index)
			if (!node) {
				node = this.#make(index)
				this.node.insertBefore(node, next)
				this.shownTiles.set(index, node)
			}
			next = node
		}
		this.fetch()
	}

	#make(index) {
		const node = h('div', { role: 'listitem', class: 'virtual-item', 'aria-setsize': this.total, 'aria-posinset': index + 1 })
		fill(node, this.tile(this.items[index] ?? null, index))
		this.#place(node, index)
		return node
	}

	#place(node, index) {
		const [row, column] = [Math.floor(index / this.columns), index % this.columns]
		node.style.width = `${this.side}px`
		node.style.height = `${this.tileHeight}px`
		node.style.transform = `translate(${column * (this.side + this.gap)}px, ${row * this.rowHeight}px)`
	}

	async #fetch() {
		const { first, last } = this.range ?? { first: 0, last: 0 }
		const turn = this.turn
		for (let page = Math.floor(first / pageLength); page * pageLength < last; page += 1) {
			if (this.asked.has(page)) continue
			this.asked.add(page)
			try {
				const answer = await this.load(page * pageLength, pageLength)
				if (turn !== this.turn) return
				answer.items.forEach((item, index) => this.#fillIn(page * pageLength + index, item))
			} catch {
				this.asked.delete(page)
			}
		}
	}

	#fillIn(index, item) {
		this.items[index] = item
		const node = this.shownTiles.get(index)
		if (node) fill(node, this.tile(item, index))
	}
}
