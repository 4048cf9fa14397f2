// What part of a picture is in sight, and how large: wheel, two fingers, drag and keys. Several places can share one.
import { clamp } from './dom.js'

const greatest = 40
const fitMargin = 0.94
const fitAtMost = 4

export class Viewport {
	/** @param size of the picture, in its own pixels; @param change is called after every move. */
	constructor(change) {
		this.change = change
		this.size = { width: 1, height: 1 }
		this.room = { width: 1, height: 1 }
		Object.assign(this, { scale: 1, x: 0, y: 0, fitted: true })
	}

	setSize(width, height) {
		this.size = { width, height }
		this.fit()
	}

	setRoom(width, height) {
		if (width < 2 || height < 2) return
		const middle = { x: (this.room.width / 2 - this.x) / this.scale, y: (this.room.height / 2 - this.y) / this.scale }
		this.room = { width, height }
		if (this.fitted) return this.fit()
		this.x = width / 2 - middle.x * this.scale
		this.y = height / 2 - middle.y * this.scale
		this.#settle()
	}

	get fitScale() {
		return Math.min((this.room.width / this.size.width) * fitMargin, (this.room.height / this.size.height) * fitMargin, fitAtMost)
	}

	fit() {
		this.scale = this.fitScale
		this.x = (this.room.width - this.size.width * this.scale) / 2
		this.y = (this.room.height - this.size.height * this.scale) / 2
		this.fitted = true
		this.change()
	}

	/** Zooms so that what is at (x, y) of the room stays there. */
	zoomTo(scale, x = this.room.width / 2, y = this.room.height / 2) {
		const next = clamp(scale, Math.min(this.fitScale, 1) / 2, greatest)
		this.x = x - ((x - this.x) / this.scale) * next
		this.y = y - ((y - this.y) / this.scale) * next
		this.scale = next
		this.fitted = false
		this.#settle()
	}

	zoomBy(factor, x, y) {
		this.zoomTo(this.scale * factor, x, y)
	}

	panBy(dx, dy) {
		this.x += dx
		this.y += dy
		this.fitted = false
		this.#settle()
	}

	/** A corner of the picture always stays in sight. */
	#settle() {
		const keep = 48
		this.x = clamp(this.x, keep - this.size.width * this.scale, this.room.width - keep)
		this.y = clamp(this.y, keep - this.size.height * this.scale, this.room.height - keep)
		this.change()
	}

	/** Point of the room → point of the picture. */
	toPicture(x, y) {
		return { x: (x - this.x) / this.scale, y: (y - this.y) / this.scale }
	}

	get transform() {
		return `translate(${this.x}px, ${this.y}px) scale(${this.scale})`
	}

	key(event) {
		const step = event.shiftKey ? 160 : 40
		const moves = { ArrowLeft: [step, 0], ArrowRight: [-step, 0], ArrowUp: [0, step], ArrowDown: [0, -step] }
		if (event.ctrlKey || event.metaKey || event.altKey) return false
		if (moves[event.key]) this.panBy(...moves[event.key])
		else if (event.key === '+' || event.key === '=') this.zoomBy(1.25)
		else if (event.key === '-') this.zoomBy(0.8)
		else if (event.key === '0') this.fit()
		else if (event.key === '1') this.zoomTo(1)
		else return false
		return true
	}
}

/**
 * Moves a viewport by the pointers over an element. `paints(event)` says whether one pointer is somebody else's; two fingers always move.
 *
 * @param hooks { paints, begin, paint, finish, giveUp, origin }: origin gives the element whose corner counts (of two panes each its own).
 */
export function followPointers(element, viewport, scope, hooks = {}) {
	const pointers = new Map()
	let painting = null
	const at = (event) => {
		const box = (hooks.origin?.(event) ?? element).getBoundingClientRect()
		return { x: event.clientX - box.left, y: event.clientY - box.top }
	}
	scope.listen(
		element,
		'wheel',
		(event) => {
			event.preventDefault()
			const { x, y } = at(event)
			const lines = event.deltaMode === 1 ? 16 : 1
			viewport.zoomBy(Math.exp(-clamp(event.deltaY * lines, -120, 120) * (event.ctrlKey ? 0.01 : 0.002)), x, y)
		},
		{ passive: false },
	)
	scope.listen(element, 'pointerdown', (event) => {
		if (event.target.closest('button, [role=slider]')) return
		if (event.pointerType === 'mouse' && event.button === 2) return
		try {
			element.setPointerCapture(event.pointerId)
		} catch {
			// A pointer that a program made up has nothing to capture.
		}
		pointers.set(event.pointerId, at(event))
		if (pointers.size === 1 && hooks.paints?.(event)) {
			painting = event.pointerId
			hooks.begin(event)
		} else if (pointers.size > 1 && painting !== null) {
			// The second finger turns the stroke into a move of the canvas.
			painting = null
			hooks.giveUp()
		}
		if (painting === null) element.classList.add('moving')
	})
	scope.listen(element, 'pointermove', (event) => {
		hooks.hover?.(event)
		const before = pointers.get(event.pointerId)
		if (!before) return
		const now = at(event)
		if (painting === event.pointerId) {
			hooks.paint(event)
		} else if (pointers.size === 1) {
			viewport.panBy(now.x - before.x, now.y - before.y)
		} else if (pointers.size === 2) {
			const other = [...pointers].find(([id]) => id !== event.pointerId)[1]
			const distance = (a, b) => Math.hypot(a.x - b.x, a.y - b.y)
			const was = distance(before, other)
			const middle = { x: (now.x + other.x) / 2, y: (now.y + other.y) / 2 }
			viewport.panBy((now.x - before.x) / 2, (now.y - before.y) / 2)
			if (was > 0) viewport.zoomBy(distance(now, other) / was, middle.x, middle.y)
		}
		pointers.set(event.pointerId, now)
	})
	const lift = (event) => {
		if (!pointers.delete(event.pointerId)) return
		if (painting === event.pointerId) {
			painting = null
			if (event.type === 'pointercancel') hooks.giveUp()
			else hooks.finish(event)
		}
		if (!pointers.size) element.classList.remove('moving')
	}
	scope.listen(element, 'pointerup', lift)
	scope.listen(element, 'pointercancel', lift)
	scope.listen(element, 'dblclick', (event) => {
		if (hooks.paints || event.target.closest('button, [role=slider]')) return
		const { x, y } = at(event)
		if (viewport.fitted) viewport.zoomTo(Math.max(viewport.scale * 3, 1), x, y)
		else viewport.fit()
	})
}
